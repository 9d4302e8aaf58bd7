"""A proof in a container of an engine in memory: what goes in, and what is made of what comes out."""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import DockerFault
from packager.model.containers import Outcome
from packager.prove.prover import prove
from tests.support.containers import FakeContainers
from tests.support.proving import make_zip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from packager.model.containers import Command, Containers
    from packager.model.proof import Proof
    from tests.support.containers import Files

TARGET = load_catalog().target("aws-lambda", "nodejs22.x", "x86_64")
START = {"step": "start", "runtime": "node", "version": "22.1.0"}
DONE = {"step": "done", "peakBytes": 1 << 20}


def loader(*events: dict[str, Any], printed: str = "", **outcome: Any) -> Callable[[Command, Files], Outcome]:
    """Return a container's behaviour: the loader reports these events, the bundle prints a text."""

    def behave(command: Command, files: Files) -> Outcome:
        marker = command.argv[-3]
        lines = [f"{marker} {base64.b64encode(json.dumps(event).encode()).decode()}" for event in events]
        return Outcome(output="\n".join([*lines, printed]), **{"exit_code": 0, "seconds": 0.1, **outcome})

    return behave


def proved(folder: Path, containers: FakeContainers, image: str = "") -> Proof:
    @contextmanager
    def engine() -> Iterator[Containers]:
        yield containers

    return prove(
        make_zip(folder / "api.zip", {"index.js": "exports.handler = 1"}),
        [make_zip(folder / "layer.zip", {"nodejs/x.js": ""})],
        target=TARGET,
        handler="index.handler",
        environment={"TOKEN": "s3cr3t-value"},
        how="docker",
        cache=folder / "cache",
        image=image,
        engine=engine,
        fresh=True,
    )


def test_a_bundle_is_loaded_in_the_target_s_image_closed_as_lambda_is(tmp_path: Path) -> None:
    engine = FakeContainers({TARGET.image: "x86_64"}, loader(START, {"step": "handler"}, DONE))
    proof = proved(tmp_path, engine)

    assert (proof.status, proof.how) == ("proved", "docker")
    (container,) = engine.started
    assert container.removed
    assert container.limits.read_only
    assert not container.limits.network
    assert container.limits.drop_capabilities
    assert container.files["/var/task/index.js"] == b"exports.handler = 1"
    assert "/opt/nodejs/x.js" in container.files
    assert container.modes["/packager/request.json"] == 0o444
    assert container.environment["TOKEN"] == "s3cr3t-value"
    assert container.commands[0].workdir.as_posix() == "/var/task"


@pytest.mark.parametrize(
    ("behave", "code"),
    [
        (loader(START, {"step": "failed", "phase": "load", "name": "Error", "message": "boom"}, exit_code=1), "RUN014"),
        (loader(START, {"step": "exit", "phase": "load", "code": 3}, exit_code=3), "RUN015"),
        (loader(START, {"step": "phase", "phase": "load"}, exit_code=139), "RUN005"),
        (loader(START, {"step": "phase", "phase": "load"}, exit_code=137, timed_out=True), "RUN009"),
        (loader(START, {"step": "phase", "phase": "load"}, exit_code=137, out_of_memory=True), "RUN010"),
    ],
    ids=["throws", "exits", "crashes", "hangs", "too much memory"],
)
def test_what_goes_wrong_has_its_code(tmp_path: Path, behave: Callable[..., Outcome], code: str) -> None:
    proof = proved(tmp_path, FakeContainers({TARGET.image: "x86_64"}, behave))

    assert proof.status == "failed"
    assert [finding.code for finding in proof.findings] == [code], proof


def test_a_named_image_stands_in_and_is_pulled(tmp_path: Path) -> None:
    engine = FakeContainers({}, loader(START, {"step": "handler"}, DONE), pullable=frozenset({"mine:1"}))
    proof = proved(tmp_path, engine, "mine:1")

    assert f"image mine:1 (mine:1), standing in for {TARGET.image}" in proof.where
    with pytest.raises(DockerFault, match="registry cannot be reached"):
        proved(tmp_path, FakeContainers({}))


def test_an_image_without_the_runtime_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "node" / "bin" / "node"
    node.parent.mkdir(parents=True)
    node.write_text("node")
    node.chmod(0o755)
    (node.parent / "link").symlink_to("node")
    (node.parent / "lib").mkdir()
    monkeypatch.setattr("packager.prove.running.runners.portable_interpreter", lambda *_: tmp_path / "node")

    def behave(command: Command, files: Files) -> Outcome:
        if "/var/lang/bin/node" in files:
            return loader(START, {"step": "handler"}, DONE)(command, files)
        return Outcome(127, "exec: node: not found", 0.1)

    engine = FakeContainers({TARGET.image: "x86_64"}, behave)

    assert proved(tmp_path, engine).status == "proved"
    assert [container.modes.get("/var/lang/bin/node") for container in engine.started] == [None, 0o755]
