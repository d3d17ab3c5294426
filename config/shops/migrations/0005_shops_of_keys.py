from django.db import migrations

from config.shops.renaming import keys_without_shop_adopt


def shops_of_keys(apps, schema_editor):
    """Each present key becomes a shop of its own."""
    keys_without_shop_adopt(apps.get_model("api", "ApiKey").objects, apps.get_model("api", "Shop").objects)


class Migration(migrations.Migration):

    dependencies = [
        ('api', '0004_shops'),
    ]

    operations = [
        migrations.RunPython(shops_of_keys, migrations.RunPython.noop),
    ]
