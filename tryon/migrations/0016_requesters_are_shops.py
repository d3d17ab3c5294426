from django.db import migrations

from config.shops.renaming import NEW, OLD, key_by_shop, requesters_rename, shop_by_key

# Model, and the options of its renaming.
TABLES = {
    "TryOnJob": {},
    "JobViewer": {"once_per": "job"},
    "ProductImage": {"also": ("shop",)},
}


def keys_become_shops(apps, schema_editor):
    ids = shop_by_key(apps.get_model("api", "ApiKey").objects)
    for name, options in TABLES.items():
        while requesters_rename(apps.get_model("tryon", name).objects, ids, **options):
            pass


def shops_become_keys(apps, schema_editor):
    """A shop's rows become those of its oldest key."""
    ids = key_by_shop(apps.get_model("api", "ApiKey").objects)
    for name, options in TABLES.items():
        rows = apps.get_model("tryon", name).objects
        while requesters_rename(rows, ids, old=NEW, new=OLD, once_per=options.get("once_per", "")):
            pass


class Migration(migrations.Migration):

    # Each statement commits by itself: 300,000 jobs stay locked for no longer than a batch.
    atomic = False

    dependencies = [
        ('api', '0005_shops_of_keys'),
        ('tryon', '0015_shops'),
    ]

    operations = [
        migrations.RunPython(keys_become_shops, shops_become_keys),
    ]
