"""Frozen containers, with a shell script as Node and a database that counts by file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.connections import mysql, simulate
from packager.connections.database import held_connections
from packager.core.errors import ArtifactError, EnvironmentFault, ProviderFault
from packager.model.proof import CannotProve
from packager.prove.running.request import ProofRequest
from packager.toolchains.interpreters import LocalRuntime
from tests.support.proving import make_zip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TARGET = load_catalog().target("aws-lambda", "nodejs22.x", "x86_64")
HOLDS = """#!/bin/sh
trap 'rm -f "$HELD/$$"' EXIT
touch "$HELD/$$"
while read -r word; do echo 'noise'; echo 'packager {}'; done
"""
FAILS = '#!/bin/sh\nread -r word; echo \'packager {"error": "refused"}\'; read -r word; exit 3\n'


def _run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, handler: str = "index.handler"
) -> simulate.Simulated:
    node, held = tmp_path / "node", tmp_path / "held"
    node.write_text(script)
    node.chmod(0o755)
    held.mkdir()
    monkeypatch.setattr(simulate, "find_runtime", lambda *_: LocalRuntime(node, "node 22", ()))
    monkeypatch.setattr(simulate, "held_connections", lambda _: 1 + len(list(held.iterdir())))  # one is another's
    request = ProofRequest(handler, TARGET, own={"HELD": str(held)}, event={}, timeout_seconds=10)
    artifact = make_zip(tmp_path / "api.zip", {"index.js": ""})
    return simulate.simulate(artifact, (), request, url="postgres://db", containers=2, cache=tmp_path)


def test_frozen_containers_keep_their_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "sleep", lambda _: None)
    seen = _run(tmp_path, monkeypatch, HOLDS)

    assert (seen.containers, seen.called, seen.frozen, seen.thawed) == (2, 1 + 1, 2, 2)
    assert seen.failures == ()


def test_calls_that_fail_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "sleep", lambda _: None)

    assert _run(tmp_path, monkeypatch, FAILS).failures == (
        "refused",
        "refused",
        *["the container ended (exit code 3)"] * 2,
    )


def test_a_handler_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArtifactError, match=r"has no other\.js"):
        _run(tmp_path, monkeypatch, HOLDS, "other.handler")


def test_without_the_runtime_nothing_is_simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> LocalRuntime:
        msg = "no Node at hand"
        raise CannotProve(msg)

    monkeypatch.setattr(simulate, "find_runtime", none)
    with pytest.raises(EnvironmentFault, match="no Node at hand"):
        simulate.simulate(tmp_path, (), ProofRequest("a.b", TARGET), url="", containers=1, cache=tmp_path)


def _client(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    for name in ("mariadb", "mysql"):
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("body", "asked", "answer"),
    [
        ("echo '151\t0'", mysql.max_connections, 151),
        ("echo '151\t20'", mysql.max_connections, 20),
        ('test "$MYSQL_PWD" = "p@ss" && echo 7', held_connections, 7),
    ],
)
def test_mysql_is_asked_through_its_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, asked: Callable[[str], int], answer: int
) -> None:
    _client(tmp_path, monkeypatch, body)

    assert asked("mysql://me:p%40ss@db.example.com/app") == answer


def test_a_client_that_fails_and_none_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _client(tmp_path, monkeypatch, "echo 'access denied' >&2; exit 1")
    with pytest.raises(ProviderFault, match="access denied"):
        mysql.held_connections("mysql://db.example.com/app")
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    with pytest.raises(EnvironmentFault, match="is needed to ask"):
        mysql.held_connections("mysql://db.example.com/app")
