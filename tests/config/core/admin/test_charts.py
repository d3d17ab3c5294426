"""Charts that the server draws."""

import re

import pytest

from config.core.admin.charts import Part, Scale, bar_chart, line_chart, share_bar


def test_the_table_has_the_numbers_of_the_bars_and_leads_to_what_is_behind_them() -> None:
    chart = bar_chart(
        "Credits",
        ["Mon", "Tue"],
        {"Approved": [1200, 0], "Rejected": [300, None]},
        addresses=["/jobs/?day=1"],
    )
    assert re.findall(r"<td>([^<]+)</td>", chart) == ["1,200", "300", "0", "-"]
    assert '<a href="/jobs/?day=1">Mon</a>' in chart
    bars = re.findall(
        r'<rect class="studio-series-(\d)" x="([\d.]+)" y="([\d.]+)"[^>]*height="([\d.]+)"', chart
    )
    [(first, x, top, height), (second, x_too, top_too, height_too)] = bars
    assert (first, second, x) == ("1", "2", x_too)
    assert float(top_too) + float(height_too) == pytest.approx(
        float(top), abs=0.2
    )  # they stand on each other
    assert float(height) == pytest.approx(4 * float(height_too), abs=0.5)
    assert "style=" not in chart


@pytest.mark.parametrize(("highest", "axis"), [(1, "01234"), (9, "0 5 10 15 20"), (1.5, "0 0.5 1 1.5 2")])
def test_the_axis_of_whole_numbers_has_no_fractions(highest: float, axis: str) -> None:
    chart = bar_chart("Jobs", ["Mon"], {"Done": [highest]})
    numbers = re.findall(r'text-anchor="end">([\d.]+)<', chart)
    assert numbers == (axis.split() if " " in axis else list(axis))


def test_names_from_outside_are_text() -> None:
    chart = bar_chart("<b>", ["<i>"], {"<u>": [1], "b": [2]})
    assert not re.search("<[biu]>", chart)


def test_a_line_has_a_gap_where_there_is_no_number() -> None:
    chart = line_chart("Seconds", ["1", "2", "3", "4"], {"Median": [1.5, None, 3, 4]})
    lines = re.findall(r'<polyline[^>]*points="([^"]+)"', chart)
    assert [len(line.split()) for line in lines] == [1, 2]
    assert "<td>1.5</td>" in chart


def test_parts_share_the_bar() -> None:
    chart = share_bar("Stages", [Part("Queue", 3), Part("FASHN", 9), Part("Storage", 0)])
    assert re.findall(r'width="([\d.]+)" height="28"', chart) == ["160.0", "480.0"]
    assert re.findall(r"<td>(\d+)</td>", chart) == ["3", "9", "0"]


@pytest.mark.parametrize(
    "chart", [bar_chart("T", [], {}), line_chart("T", ["1"], {"a": [None]}), share_bar("T", [])]
)
def test_without_numbers_it_says_so(chart: str) -> None:
    assert "There are no numbers yet." in chart
    assert "<svg" not in chart


@pytest.mark.parametrize(("highest", "most"), [(0, 4), (1, 1), (7, 8), (9, 10), (401, 800), (1000, 1000)])
def test_the_axis_ends_at_a_round_number(highest: float, most: float) -> None:
    assert Scale.upto(highest).most == most


def test_most_labels_are_left_out_of_a_long_chart_but_not_the_last() -> None:
    chart = bar_chart("T", [f"day {day}" for day in range(90)], {"a": [1] * 90})
    drawn = re.findall(r'text-anchor="middle">([^<]+)<', chart)
    assert len(drawn) <= 8
    assert drawn[-1] == "day 89"
