from django.db import migrations


def permissions(apps, schema_editor):
    of_all = apps.get_model("auth", "Permission").objects.using(schema_editor.connection.alias)
    return of_all.filter(content_type__app_label="tryon", content_type__model="governor")


def carry_grants_over(apps, schema_editor):
    """Keep the grants of those who could pause: the permission has a new name. Drop two that opened nothing."""
    found = permissions(apps, schema_editor)
    found.filter(codename="change_governor").update(
        codename="pause_service", name="Can pause and resume try-ons"
    )
    found.filter(codename__in=["add_governor", "delete_governor"]).delete()


def carry_grants_back(apps, schema_editor):
    """Give the permission its old name."""
    permissions(apps, schema_editor).filter(codename="pause_service").update(
        codename="change_governor", name="Can change governor"
    )


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("tryon", "0007_prices_and_refusals"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="governor",
            options={
                "default_permissions": ["view"],
                "permissions": [
                    ("pause_service", "Can pause and resume try-ons"),
                    ("operate_queues", "Can open and operate the RQ dashboard"),
                ],
                "verbose_name": "operations",
                "verbose_name_plural": "operations",
            },
        ),
        migrations.RunPython(carry_grants_over, carry_grants_back),
    ]
