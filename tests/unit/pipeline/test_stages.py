"""Stages: values that survive a trip through bytes, and results that depend on nothing but the inputs."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from packager.compile.kept import compile_kept
from packager.core.progress import Silent, Stopwatch
from packager.inventory.contents import TreeContents
from packager.model import wire
from packager.model.bytecode import BytecodeBatch, Compiled
from packager.model.findings import Finding
from packager.model.inventory import Inventory
from packager.model.packages import PackageGraph
from packager.model.proof import Proof
from packager.model.results import Placed, Stripped
from packager.model.selection import Selection
from packager.model.stages import (
    AuditInputs,
    CompileInputs,
    LayerBeneath,
    PlaceInputs,
    ProveInputs,
    ScanInputs,
    StripInputs,
    TraceInputs,
    TrimInputs,
    WriteInputs,
)
from packager.model.tools import Workbench
from packager.model.tracing import View
from packager.pipeline import stages
from packager.pipeline.inputs import prove_inputs, strip_inputs
from tests.support.elfs import write_elf
from tests.support.fakes import FakeTracer, fake_tools, make_bundle, make_job
from tests.support.stages import trace_inputs, trim_inputs
from tests.support.trees import Content, package_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packager.model.bytecode import Manner, Module
    from packager.model.plan import Bundle

FILES: dict[str, Content] = {
    "package.json": package_json(dependencies={"a": "1", "native": "1"}),
    "index.js": "require('a')",
    "app.py": "x = 1\n",
    ".env": "A=b",
    "node_modules/a/package.json": package_json("a", dependencies={"b": "1"}),
    "node_modules/a/index.js": "require('./docs/x')",
    "node_modules/a/README.md": "",
    "node_modules/a/docs/x.js": "",
    "node_modules/b/package.json": package_json("b"),
    "node_modules/b/index.js": "",
    "node_modules/native/package.json": package_json("native"),
    "node_modules/native/build/Release/native.node": write_elf(needed=("libc.so.6",)),
    "node_modules/dev/package.json": package_json("dev"),
}


class Compiler:
    """Makes bytes that tell what they are made of."""

    release = "3.12.1"

    def compile(self, modules: Sequence[Module], manner: Manner, scratch: Path) -> BytecodeBatch:
        return BytecodeBatch({module.name: f"{module.name} {manner}".encode() for module in modules})


class Run:
    """Every stage of one bundle, in order: name → (inputs, result)."""

    def __init__(self, folder: Path) -> None:
        self.root = write_tree(folder / "tree", FILES).resolve()
        self.contents = TreeContents(self.root, folder / "made")
        tools = fake_tools(tracer=FakeTracer(("node_modules/a/index.js",)))
        self.bench = Workbench(tools, self.contents, folder, folder / "cache", 1, Stopwatch(Silent()))
        self.bundle: Bundle = make_bundle(trim="trace", include=("!**/*.md",), job=make_job())
        self.done: dict[str, tuple[object, object]] = {}

    def all(self) -> dict[str, tuple[object, object]]:
        bundle, bench, done = self.bundle, self.bench, self.done
        scanning = ScanInputs({"a": ("b",)}, ("node_modules/.prisma/client",))
        inventory, graph = stages.scan(scanning, self.root)
        done["scan"] = (scanning, (inventory, graph))
        tracing = trace_inputs(inventory, graph, bundle, pinned={"node_modules/b": "a proof missed it"})
        view = stages.trace(tracing, bench)
        done["trace"] = (tracing, view)
        below = LayerBeneath("base", Selection(()), same_tree=True)
        trimming = trim_inputs(view.inventory, graph, bundle, traced=view.reached, layers=(below,), pinned={"x": "y"})
        selection = stages.trim(trimming, bench)
        done["trim"] = (trimming, selection)
        stripping = strip_inputs(bundle, selection)
        stripped = stages.strip(stripping, bench)
        done["strip"] = (stripping, stripped)
        compiling = CompileInputs("api", selection, {"app.py": "/var/task/app.py"}, "3.12", "x86_64")
        scratch = bench.scratch / "compiled"
        scratch.mkdir()
        compiled = compile_kept(compiling, Compiler(), self.contents, bench.cache, scratch)
        done["compile"] = (compiling, compiled)
        placing = PlaceInputs(bundle.name, bundle.kind, bundle.target, bundle.entries, selection.kept)
        placed = stages.place(placing)
        done["place"] = (placing, placed)
        writing = WriteInputs(tuple((item.path, stripped.source(item.choice.file)) for item in placed), 6)
        archive = bench.scratch / "api.zip"
        artifact = stages.write(writing, archive, bench)
        done["write"] = (writing, artifact._replace(path=Path(archive.name)))
        auditing = AuditInputs(
            artifact.sha256, (), bundle.target, bundle.budget, "dist/api.zip", handler=bundle.handler
        )
        done["audit"] = (auditing, tuple(stages.audit(auditing, archive, [])))
        proving = prove_inputs(bundle, selection, artifact.sha256, [], "")
        done["prove"] = (proving, stages.prove(proving, archive, [], bench))
        return done


TYPES: dict[str, tuple[Any, Any]] = {
    "scan": (ScanInputs, tuple[Inventory, PackageGraph]),
    "trace": (TraceInputs, View),
    "trim": (TrimInputs, Selection),
    "strip": (StripInputs, Stripped),
    "compile": (CompileInputs, Compiled),
    "place": (PlaceInputs, tuple[Placed, ...]),
    "audit": (AuditInputs, tuple[Finding, ...]),
    "prove": (ProveInputs, Proof),
}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, object]]:
    return Run(tmp_path_factory.mktemp("stages")).all()


@pytest.mark.parametrize("stage", TYPES)
def test_inputs_and_results_come_back_equal(stage: str, done: dict[str, tuple[object, object]]) -> None:
    for value, type_ in zip(done[stage], TYPES[stage], strict=True):
        data = wire.to_bytes(value)
        again = wire.from_bytes(data, type_)
        assert again == value
        assert wire.to_bytes(again) == data


def test_what_is_written_comes_back_equal(done: dict[str, tuple[object, object]]) -> None:
    inputs, artifact = done["write"]
    assert wire.from_bytes(wire.to_bytes(inputs), WriteInputs) == inputs
    assert wire.to_bytes(artifact) == wire.to_bytes(artifact)


def test_no_value_names_a_folder_of_this_machine(done: dict[str, tuple[object, object]], tmp_path: Path) -> None:
    for stage, values in done.items():
        for value in values:
            assert str(tmp_path.parent.parent).encode() not in wire.to_bytes(value), stage
            assert str(Path.home()).encode() not in wire.to_bytes(value), stage


class Trap(dict[str, str]):
    """An environment that must not be read."""

    def _fail(self, *_: object, **__: object) -> NoReturn:
        msg = "a stage reads the environment"
        raise AssertionError(msg)

    __getitem__ = __contains__ = get = items = keys = values = __iter__ = copy = _fail


@contextmanager
def watched(allowed: tuple[str, ...]) -> Iterator[list[str]]:
    """Yield what is opened, listed or started outside these folders meanwhile."""
    outside: list[str] = []
    watching = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in (
            "open",
            "os.listdir",
            "os.scandir",
            "subprocess.Popen",
            "socket.connect",
            "os.putenv",
        ):
            path = os.fspath(arguments[0]) if isinstance(arguments[0], (str, os.PathLike)) else ""
            if isinstance(path, str) and path and not os.path.abspath(path).startswith(allowed):  # noqa: PTH100
                outside.append(f"{event} {path}")
            elif event not in ("open", "os.listdir", "os.scandir"):
                outside.append(event)

    sys.addaudithook(hook)  # it cannot be taken back, only told to look away
    try:
        yield outside
    finally:
        watching = False


def test_no_stage_reads_the_environment_or_the_clock_or_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Run(tmp_path / "warm").all()  # what is imported and cached once for all is read now
    run = Run(tmp_path / "run")

    def clock() -> float:
        asking = sys._getframe(1).f_globals["__name__"]
        assert asking.endswith("atomic"), f"{asking} reads the clock"  # what killed runs left is told by its age
        return 0.0

    packager = str(Path(wire.__file__).parent.parent)
    with watched((str(tmp_path / "run"), packager, sys.prefix, sys.base_prefix)) as outside, monkeypatch.context() as m:
        m.setattr("os.environ", Trap())
        m.setattr("time.time", clock)
        # The cache of archives dates what it keeps: that is its housekeeping, and changes no byte of a result.
        m.setattr("packager.pipeline.stages.open_cache", lambda folder: None)
        run.all()

    assert outside == []


_AGAIN = """
import hashlib, sys
from pathlib import Path
from packager.model import wire
from tests.unit.pipeline.test_stages import Run
for stage, (inputs, result) in Run(Path(sys.argv[1])).all().items():
    print(stage, hashlib.sha256(wire.to_bytes(inputs)).hexdigest(), hashlib.sha256(wire.to_bytes(result)).hexdigest())
"""


@pytest.mark.slow
def test_equal_inputs_give_equal_results_in_any_process(tmp_path: Path) -> None:
    said = []
    for number, settings in enumerate(
        ({"PYTHONHASHSEED": "1", "TZ": "UTC"}, {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"})
    ):
        folder = tmp_path / f"run {number}"
        folder.mkdir()
        home = Path(__file__).parents[3]
        environment = {**os.environ, **settings, "HOME": str(folder), "PYTHONPATH": str(home), "LC_ALL": "C.UTF-8"}
        argv = [sys.executable, "-c", _AGAIN, str(folder)]
        ran = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        said.append(ran.stdout)

    assert said[0].count("\n") == len(TYPES) + 1
    assert said[0] == said[1]


def test_what_matters_is_in_the_inputs(done: dict[str, tuple[object, object]]) -> None:
    """Another option is another key: a result remembered under these bytes is never given for others."""
    inputs, _ = done["trim"]
    assert isinstance(inputs, TrimInputs)
    changed = [
        replace(inputs, trim="strict"),
        replace(inputs, include=("x",)),
        replace(inputs, inventory=Inventory(())),
    ]
    changed.append(replace(inputs, graph=PackageGraph({})))
    keys = {wire.to_bytes(value) for value in (inputs, *changed)}
    assert len(keys) == len(changed) + 1
