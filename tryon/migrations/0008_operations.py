from django.db import migrations


def carry_grants_over(apps, schema_editor):
    """Keep the grants of those who could pause: the permission has a new name. Drop two that opened nothing."""
    permissions = apps.get_model("auth", "Permission").objects.using(schema_editor.connection.alias)
    of_governor = permissions.filter(content_type__app_label="tryon", content_type__model="governor")
    of_governor.filter(codename="change_governor").update(
        codename="pause_service", name="Can pause and resume try-ons"
    )
    of_governor.filter(codename__in=["add_governor", "delete_governor"]).delete()


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
        migrations.RunPython(carry_grants_over, migrations.RunPython.noop),
    ]
