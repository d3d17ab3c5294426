from django.db import migrations

from config.shops.renaming import NEW, OLD, key_by_shop, requesters_rename, shop_by_key


def keys_become_shops(apps, schema_editor):
    ids = shop_by_key(apps.get_model("api", "ApiKey").objects)
    while requesters_rename(apps.get_model("results", "ResultFeedback").objects, ids, once_per="job"):
        pass


def shops_become_keys(apps, schema_editor):
    ids = key_by_shop(apps.get_model("api", "ApiKey").objects)
    rows = apps.get_model("results", "ResultFeedback").objects
    while requesters_rename(rows, ids, old=NEW, new=OLD, once_per="job"):
        pass


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('api', '0005_shops_of_keys'),
        ('results', '0005_nothing_grows'),
    ]

    operations = [
        migrations.RunPython(keys_become_shops, shops_become_keys),
    ]
