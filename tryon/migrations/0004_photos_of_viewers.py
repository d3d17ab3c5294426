from django.db import migrations, models


def photos_of_viewers(apps, schema_editor):
    """Each viewer's own photo: the job's, if they asked first; else theirs with the same picture."""
    viewers = apps.get_model("tryon", "JobViewer").objects.filter(product_image=None)
    photos = apps.get_model("tryon", "ProductImage").objects
    first = models.F("job__requester")
    of_job = apps.get_model("tryon", "TryOnJob").objects.filter(pk=models.OuterRef("job")).values("product_image")
    viewers.filter(requester=first).update(product_image=models.Subquery(of_job))
    for viewer in viewers.exclude(requester=first).select_related("job__product_image").iterator():
        same = photos.filter(checksum=viewer.job.product_image.checksum)
        viewer.product_image = same.filter(requester__in=[viewer.requester, ""]).first()
        viewer.save(update_fields=["product_image"])


class Migration(migrations.Migration):

    dependencies = [
        ('tryon', '0003_viewers_photo'),
    ]

    operations = [
        migrations.RunPython(photos_of_viewers, migrations.RunPython.noop),
    ]
