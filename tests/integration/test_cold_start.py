"""Cold starts measured for real, on this machine: what is slower shows as slower, and where its time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import ArtifactError, UsageError
from packager.prove.coldstart import TimedBundle, measure
from packager.prove.quartiles import ratio
from packager.prove.request import ProofRequest
from tests.support.cli import packager
from tests.support.proving import make_zip, needs_node, node_target

if TYPE_CHECKING:
    from pathlib import Path

    from packager.prove.coldstart import ColdStart

pytestmark = needs_node
LIGHT = "exports.handler = async () => 1;"
BUSY = "const end = Date.now() + 400; while (Date.now() < end);"


def measured(*bundles: TimedBundle, count: int = 3, event: object = None) -> list[ColdStart]:
    folder = bundles[0].artifact.parent
    request = ProofRequest("index.handler", node_target(), event=event, timeout_seconds=60)
    return measure(bundles, count, request, how="local", cache=folder)


def test_the_slow_package_is_named_and_the_ratio_shows_it(tmp_path: Path) -> None:
    slow = make_zip(
        tmp_path / "slow.zip", {"index.js": f"require('heavy'); {LIGHT}", "node_modules/heavy/index.js": BUSY}
    )
    light = make_zip(tmp_path / "light.zip", {"index.js": LIGHT})
    one, other = measured(TimedBundle(slow), TimedBundle(light), event={})
    assert [len(each.starts) for each in (one, other)] == [3, 3]
    assert one.traced[0][0] == "heavy"
    assert one.traced[0][1] >= 300
    assert min(start.load_ms for start in one.starts) >= 300
    assert ratio([s.total_ms for s in one.starts], [s.total_ms for s in other.starts]).low > 1
    assert (one.files, one.unzipped_bytes) == (2, len(f"require('heavy'); {LIGHT}{BUSY}"))
    assert all(start.peak_bytes > 1 << 20 and start.modules >= 2 for start in one.starts)
    assert all(start.call_ms is not None for start in other.starts)


def test_time_in_a_dependency_counts_for_the_dependency(tmp_path: Path) -> None:
    files = {
        "index.js": f"require('outer'); {LIGHT}",
        "node_modules/outer/index.js": "require('@scope/inner')",
        "node_modules/@scope/inner/index.js": BUSY,
    }
    (one,) = measured(TimedBundle(make_zip(tmp_path / "a.zip", files)), count=1)
    spent = dict(one.traced)
    assert spent["@scope/inner"] >= 300
    assert spent["outer"] < spent["@scope/inner"]


def test_layers_are_part_of_what_is_started_and_weighed(tmp_path: Path) -> None:
    layer = make_zip(tmp_path / "layer.zip", {"nodejs/node_modules/dep/index.js": "module.exports = 1"})
    function = make_zip(tmp_path / "api.zip", {"index.js": f"require('dep'); {LIGHT}"})
    (one,) = measured(TimedBundle(function, (layer,)), count=1)
    assert one.files == 2


def test_a_bundle_that_does_not_start_and_other_runtimes_are_errors(tmp_path: Path) -> None:
    broken = make_zip(tmp_path / "api.zip", {"index.js": "require('gone')"})
    with pytest.raises(ArtifactError, match="Cannot find module 'gone'"):
        measured(TimedBundle(broken))
    target = load_catalog().target("aws-lambda", "python3.12", "x86_64")
    with pytest.raises(UsageError, match="Node only"):
        measure([TimedBundle(broken)], 1, ProofRequest("a.b", target), cache=tmp_path)


def test_the_command_prints_text_json_and_a_chart(tmp_path: Path) -> None:
    light = make_zip(tmp_path / "light.zip", {"index.js": LIGHT})
    runtime = ("--runtime", node_target().runtime, "--handler", "index.handler", "--how", "local")
    chart = tmp_path / "chart.svg"
    ran = packager("prove", light, *runtime, "--cold-start", "2", "--vs", light, "--chart", chart, "--json")
    assert ran.code == 0, ran.stderr
    document = ran.json()
    assert [len(one["starts"]) for one in document["cold_starts"]] == [2, 2]
    assert document["ratio"]["low"] <= document["ratio"]["value"] <= document["ratio"]["high"]
    assert ET.fromstring(chart.read_text()).tag.endswith("svg")
    ran = packager("prove", light, *runtime, "--cold-start", "2", "--event", "http")
    assert ran.code == 0, ran.stderr
    assert "light.zip: 2 cold starts" in ran.stdout
    assert "first call" in ran.stdout
