"""Metrics of Prometheus, made of numbers by their labels."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from tryon.metrics.histograms import cumulative

type Numbers = Mapping[tuple[str, str, str], int]
"""Tallies of one topic, by their three columns."""


def gauge(name: str, text: str, labels: Sequence[str], values: Mapping[Any, float]) -> Metric:
    """Return a gauge. ``values`` are by tuples of the labels' values."""
    return _filled(GaugeMetricFamily(name, text, labels=labels), values)


def counter(name: str, text: str, labels: Sequence[str], values: Numbers, *, always: Sequence[str]) -> Metric:
    """Return a counter. Of the first label's values, those in ``always`` are there from the start."""
    found = {**{(first, "", ""): 0 for first in always}, **values}
    used = len(labels)
    family = CounterMetricFamily(name, text, labels=labels)
    return _filled(family, {columns[:used]: number for columns, number in found.items()})


def histogram(name: str, text: str, labels: Sequence[str], numbers: Numbers, milliseconds: Numbers) -> Metric:
    """Return a histogram. The columns of ``numbers`` are the labels, and then the bucket."""
    used = len(labels)
    buckets: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for columns, number in numbers.items():
        buckets[columns[:used]][columns[used]] = number
    sums: dict[tuple[str, ...], int] = {columns[:used]: number for columns, number in milliseconds.items()}
    family = HistogramMetricFamily(name, text, labels=labels)
    for key, found in sorted(buckets.items()):
        family.add_metric(key, cumulative(found), sums.get(key, 0) / 1000)
    return family


def _filled(family: Any, values: Mapping[Any, float]) -> Metric:
    for labels, value in sorted(values.items()):
        family.add_metric(labels, float(value))
    found: Metric = family
    return found
