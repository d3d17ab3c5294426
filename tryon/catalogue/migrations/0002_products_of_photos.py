from django.db import migrations

from tryon.catalogue.links import photos_link


def photos_find_products(apps, schema_editor):
    photos = apps.get_model("tryon", "ProductImage").objects
    products = apps.get_model("catalogue", "Product").objects
    while photos_link(photos, products):
        pass


class Migration(migrations.Migration):

    # Each statement commits by itself: no more than the photos of some numbers are locked at a time.
    atomic = False

    dependencies = [
        ('catalogue', '0001_initial'),
        ('tryon', '0028_catalogue_photos'),
    ]

    operations = [
        migrations.RunPython(photos_find_products, migrations.RunPython.noop),
    ]
