from typing import Any

from django.db import migrations, models


def seeds_of_options(apps: Any, _schema_editor: Any) -> None:
    """Give the pairs of batches whose options name a seed that one."""
    for batch in apps.get_model("batches", "Batch").objects.filter(options__has_key="seed"):
        batch.items.update(seed=batch.options["seed"])


class Migration(migrations.Migration):

    dependencies = [
        ('batches', '0002_paid_before'),
        ('models_library', '0004_releases'),
        ('tryon', '0028_catalogue_photos'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='batchitem',
            name='batch_pair_once',
        ),
        migrations.AddField(
            model_name='batchitem',
            name='seed',
            field=models.PositiveBigIntegerField(db_default=42, default=42, verbose_name='seed'),
        ),
        migrations.AddConstraint(
            model_name='batchitem',
            constraint=models.UniqueConstraint(fields=('batch', 'product_image', 'model_image', 'seed'), name='batch_pair_once_a_seed'),
        ),
        migrations.RunPython(seeds_of_options, migrations.RunPython.noop, elidable=True),
    ]
