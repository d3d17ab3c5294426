"""Count the earlier rescues by day. Their events told the number before, and each reading counted them all."""

from collections import Counter

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def count_rescues(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    events = apps.get_model("tryon", "JobEvent").objects.filter(kind="rescued").order_by()
    numbers: Counter[tuple[str, object]] = Counter()
    for at, data in events.values_list("at", "data").iterator(chunk_size=1000):
        numbers["rescued_pictures", at.date()] += 1
        numbers["rescued_credits", at.date()] += int(data.get("credits", 0))
    counts = apps.get_model("upkeep", "DailyCount")
    counts.objects.bulk_create(
        counts(name=name, day=day, number=number) for (name, day), number in numbers.items() if number
    )


def forget_rescues(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    names = ["rescued_pictures", "rescued_credits"]
    apps.get_model("upkeep", "DailyCount").objects.filter(name__in=names).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("tryon", "0009_nothing_grows"),
        ("upkeep", "0001_initial"),
    ]

    operations = [migrations.RunPython(count_rescues, forget_rescues)]
