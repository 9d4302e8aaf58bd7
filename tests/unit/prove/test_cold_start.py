"""Medians, ratios with their interval, and the chart of cold starts."""

from __future__ import annotations

import random
from statistics import median
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packager.prove.cold.chart import draw
from packager.prove.cold.coldstart import ColdStart, Start
from packager.prove.cold.quartiles import ratio, spread
from packager.prove.judging.report import read_report

TIMES = st.lists(st.floats(1, 10_000), min_size=1, max_size=40)


@settings(deadline=None)
@given(TIMES)
def test_the_quartiles_enclose_the_median(values: list[float]) -> None:
    found = spread(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)
    assert found.median == pytest.approx(median(values))


@settings(max_examples=10, deadline=None)
@given(TIMES)
def test_nothing_is_once_as_long_as_itself(values: list[float]) -> None:
    found = ratio(values, values)
    assert found.value == 1
    assert found.low <= 1 <= found.high


def test_the_interval_holds_the_true_ratio_about_as_often_as_it_says() -> None:
    chance = random.Random(7)
    held = 0
    for _ in range(20):
        those = [chance.gauss(100, 10) for _ in range(20)]
        these = [chance.gauss(150, 15) for _ in range(20)]
        found = ratio(these, those)
        held += found.low <= 1.5 <= found.high
    assert held >= 17


def test_the_same_measurements_give_the_same_interval() -> None:
    assert ratio([3.0, 4, 5], [1.0, 2, 2]) == ratio([3.0, 4, 5], [1.0, 2, 2])
    assert ratio([4.0] * 20, [2.0] * 20).low == 2


def cold(name: str, *totals: float) -> ColdStart:
    starts = tuple(Start(10, total - 10, None, 1 << 20, 1000, 3) for total in totals)
    return ColdStart(name, "node 22 <here>", starts, (), 1, 2, 3)


def test_the_chart_is_well_formed_and_shows_each_start_inside_it() -> None:
    text = draw([cold("a & b.zip", 100, 120, 110), cold("other.zip", 900, 1000)])
    root = ET.fromstring(text)
    names = [element.tag.rpartition("}")[2] for element in root]
    assert names.count("circle") == 5
    width = float(root.attrib["width"])
    places = [float(element.attrib["cx"]) for element in root if element.tag.endswith("circle")]
    assert places[0] < places[3] < places[4] < width
    words = [element.text for element in root if element.tag.endswith("text")]
    assert "a & b.zip" in words
    assert "110 (105-115) ms" in words


def test_a_report_keeps_the_first_time_of_each_step() -> None:
    report = read_report(
        [
            {"step": "start", "runtime": "node", "version": "22.1.0", "at": 20.5},
            {"step": "handler", "at": 80},
            {"step": "handler", "at": 99},
            {"step": "trace", "packages": [["pkg", 2.5]], "engines": [["/var/task/x.node", 9]]},
            {"step": "done", "peakBytes": 5, "readBytes": 6, "modules": 7},
        ]
    )
    assert report.times == {"start": 20.5, "handler": 80.0}
    assert report.usage == {"peakBytes": 5, "readBytes": 6, "modules": 7}
    assert report.traced == (("/var/task/x.node", 9.0), ("pkg", 2.5))
