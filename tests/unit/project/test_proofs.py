"""``proof:`` in packager.yaml: events by file, sample and value; variables; ports; and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from packager.core.document import Section
from packager.core.errors import ConfigError
from packager.model.proof import ProofSettings
from packager.project.proofs import read_proof

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, data: dict[str, Any]) -> ProofSettings:
    return read_proof(Section(data, "packager.yaml: bundles.b.proof"), folder)


def test_without_the_key_the_handler_is_loaded_and_not_called(tmp_path: Path) -> None:
    assert read_proof(None, tmp_path) == ProofSettings()


def test_an_event_is_a_file_a_sample_or_a_value(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text('{"a": 1}', encoding="utf-8")
    found = read(tmp_path, {"events": ["http", {"event": "e.json", "expect": 201}, {"event": {"b": 2}}]}).events
    assert [event.name for event in found] == ["http", "e.json", "event 3"]
    assert json.loads(found[0].payload)["version"] == "2.0"
    assert [json.loads(event.payload) for event in found[1:]] == [{"a": 1}, {"b": 2}]
    assert [event.expect for event in found] == ["", "201", ""]


def test_variables_come_from_lines_with_comments_and_quotes(tmp_path: Path) -> None:
    text = "\ufeff# of the tests\n\nexport A=1\r\nB = 'x y'\nC=\"a=b\"\nD=\n"
    (tmp_path / ".env.proof").write_text(text, encoding="utf-8")
    found = read(tmp_path, {"env_file": "./.env.proof"})
    assert (found.env_file, found.environment) == (
        ".env.proof",
        (("A", "1"), ("B", "x y"), ("C", "a=b"), ("D", "")),
    )


@pytest.mark.parametrize("place", ["localhost:5432", "127.0.0.1:1", "[::1]:65535"])
def test_ports_of_this_machine_may_be_reached(tmp_path: Path, place: str) -> None:
    assert read(tmp_path, {"allow_network": [place]}).allow_network == (place,)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"event": []}, "event"),
        ({"events": ["htpp"]}, "events[0].event"),
        ({"events": [{"expect": 1}]}, "events[0].event"),
        ({"events": ["null.json"]}, "events[0].event"),
        ({"events": ["broken.json"]}, "events[0].event"),
        ({"events": [{"event": "http", "expects": 1}]}, "events[0]"),
        ({"events": [3]}, "events[0].event"),
        ({"env_file": "not-there"}, "env_file"),
        ({"env_file": "lines"}, "env_file"),
        ({"allow_network": ["db.example.com:5432"]}, "allow_network[0]"),
        ({"allow_network": ["localhost"]}, "allow_network[0]"),
        ({"allow_network": ["localhost:0"]}, "allow_network[0]"),
        ({"allow_network": ["localhost:70000"]}, "allow_network[0]"),
        ({"settle": 0}, "settle"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": 901}, "timeout"),
        ({"timeout": True}, "timeout"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(tmp_path: Path, data: dict[str, Any], where: str) -> None:
    (tmp_path / "null.json").write_text("null", encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    (tmp_path / "lines").write_text("A=1\nno line of that kind\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read(tmp_path, data)
    assert where in error.value.where or where in error.value.message
