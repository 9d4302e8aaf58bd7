"""Looking at the machine never fails: an engine that does not answer is a fact like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.containers import docker_engine
from packager.containers.machine import look
from packager.core.errors import DockerFault
from tests.support.containers import FakeContainers

if TYPE_CHECKING:
    import pytest


class _Engine(FakeContainers):
    def why_not_offered(self, name: str, arch: str) -> str:
        return "" if name in self.pullable else "its registry cannot be reached"


def test_no_engine_is_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> None:
        msg = "no Docker engine answers; tried:\n    unix:///x: absent"
        raise DockerFault(msg, fix="start it", reason="no Docker engine answers")

    monkeypatch.setattr(docker_engine, "connect", absent)

    machine = look()

    assert machine.docker == ""
    assert machine.docker_problem == "no Docker engine answers"
    assert "unix:///x: absent" in machine.docker_tried


def test_images_are_asked_for_here_first_then_at_their_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = _Engine(images={"here:1": "x86_64"}, pullable=frozenset({"offered:1"}))
    monkeypatch.setattr(docker_engine, "connect", lambda *_: engine)

    machine = look()

    assert machine.docker == "Docker 20.10.24 at unix:///fake.sock"
    assert machine.image_problem("here:1", "x86_64") == ""
    assert machine.image_problem("offered:1", "x86_64") == ""
    assert machine.image_problem("here:1", "arm64") == "its registry cannot be reached"
    assert engine.started == []
