"""A Python project through the whole pipeline with compiled modules, everything outside answered from memory."""

from __future__ import annotations

import json
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import EnvironmentFault
from packager.delivery.manifest import manifest_text
from packager.model.bytecode import BytecodeBatch
from packager.model.options import BuildOptions
from packager.pipeline.fit.messages import plan_lines
from packager.pipeline.run import Result, package, selections
from packager.project.config import parse_project
from tests.support.documents import check
from tests.support.fakes import FakeBuilder, fake_tools, plan_for
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from packager.model.builds import Tree
    from packager.model.bytecode import Manner, Module, Python
    from packager.model.plan import Plan
    from packager.model.targets import Arch
    from packager.model.tools import Tools

API = {"target": "aws-lambda", "runtime": "python3.12", "handler": "app.handler", "compile": True}
LAYER = {"target": "aws-lambda-layer", "runtime": "python3.12", "compile": True}
INSTALLED = {
    ".packager-python/six.py": "import sys\n" * 500,
    ".packager-python/kit/__init__.py": "",
    ".packager-python/kit/tests/__init__.py": "",
    ".packager-python/six-1.17.0.dist-info/METADATA": "Name: six\n",
    ".packager-python/six-1.17.0.dist-info/RECORD": "six.py,,\n",
}


@dataclass
class FakePython:
    """Says of each module what its name is; a module named ``old`` is for another Python."""

    release: str = "3.12.1"

    def compile(self, modules: Sequence[Module], manner: Manner, scratch: Path) -> BytecodeBatch:
        failed = {module.name: "invalid syntax" for module in modules if module.name.endswith("/old.py")}
        made = {module.name: module.name.encode() * 50 for module in modules if module.name not in failed}
        return BytecodeBatch(made, failed)


@contextmanager
def found(version: str, tree: Tree | None, arch: Arch) -> Iterator[Python]:
    assert version == "3.12"
    assert tree is not None
    yield FakePython()


@contextmanager
def none(version: str, tree: Tree | None, arch: Arch) -> Iterator[Python]:
    if version:
        msg = f"no Python {version} on this machine"
        raise EnvironmentFault(msg)
    yield FakePython()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_tree(
        tmp_path / "app",
        {"requirements.txt": "six==1.17.0\n", "app.py": "def handler(event, context): pass\n", "old.py": "print 1\n"},
    )


def host() -> Tools:
    return replace(fake_tools(FakeBuilder(INSTALLED)), interpreters=found)


def prepared(app: Path, **bundles: Any) -> tuple[Plan, BuildOptions]:
    project = parse_project({"bundles": bundles or {"api": API}}, app)
    return plan_for(project), BuildOptions(out=app.parent / "dist", cache=app.parent / "cache")


def build(app: Path, **bundles: Any) -> tuple[list[Result], list[dict[str, bytes]]]:
    plan, options = prepared(app, **bundles)
    with package(plan, load_catalog(), host(), options) as results:
        contents = []
        for result in results:
            with zipfile.ZipFile(result.artifact.path) as archive:
                contents.append({name: archive.read(name) for name in archive.namelist()})
        return results, contents


def test_bytecode_is_packed_weighed_told_and_proved(app: Path) -> None:
    (result,), (members,) = build(app)

    made = {name: content for name, content in members.items() if name.endswith(".pyc")}
    assert made == {
        f"{folder}__pycache__/{stem}.cpython-312.pyc": f"/var/task/{folder}{stem}.py".encode() * 50
        for folder, stem in (("", "app"), ("", "six"), ("kit/", "__init__"))
    }
    assert result.artifact.unzipped_bytes == sum(map(len, members.values()))
    assert result.proof.status == "proved"
    document = json.loads(manifest_text(result, [result]))
    check("manifest", document)
    assert document["compiled"] == {
        "python": "3.12.1", "modules": 3, "bytes": sum(map(len, made.values())),
        "left_alone": {"old.py": "invalid syntax"},
    }  # fmt: skip
    assert document["notes"] == ["not compiled, since Python 3.12.1 cannot: old.py: invalid syntax"]
    assert {row["path"] for row in document["files"] if row["rule"] == "compiled"} == set(made)


def test_without_it_nothing_is_compiled(app: Path) -> None:
    (result,), (members,) = build(app, api={**API, "compile": False})

    assert not [name for name in members if name.endswith(".pyc")]
    assert json.loads(manifest_text(result, [result]))["compiled"] is None


def test_a_function_compiles_only_what_its_layer_does_not_carry(app: Path) -> None:
    (_, function), (beneath, members) = build(app, libs=LAYER, api={**API, "layers": ["libs"]})

    assert beneath["python/__pycache__/six.cpython-312.pyc"].startswith(b"/opt/python/six.py")
    assert {name for name in members if name.endswith(".pyc")} == {"__pycache__/app.cpython-312.pyc"}
    assert function.ok


def test_why_tells_of_bytecode(app: Path) -> None:
    plan, options = prepared(app)
    with selections(plan, load_catalog(), host(), options) as chosen:
        ((_, selection),) = chosen

    (choice,) = selection.why("__pycache__/app.cpython-312.pyc")
    assert (choice.kept, choice.rule) == (True, "compiled")
    (choice,) = selection.why("old.py")
    assert choice.reason.endswith("; not compiled: invalid syntax")


def test_without_the_targets_python_nothing_is_made(app: Path) -> None:
    plan, options = prepared(app)
    lacking = replace(fake_tools(FakeBuilder(INSTALLED)), interpreters=none)

    with (
        pytest.raises(EnvironmentFault, match=r"no Python 3\.12"),
        package(plan, load_catalog(), lacking, options),
    ):
        pass


def test_over_a_limit_bytecode_is_named_as_something_to_decide(app: Path) -> None:
    (result,), _ = build(app, api={**API, "budget": 600, "trim": "none"})

    assert result.fit is not None
    measures = {measure.name: measure for measure in result.fit.measures}
    compiled = [item.path for item in result.placed if item.choice.rule == "compiled"]
    weights = {member.path: member for member in result.artifact.members}
    assert measures["compile"].zipped == sum(weights[path].compressed_bytes for path in compiled)
    assert not measures["compile"].automatic
    assert measures["compile"].permanent == "bundles.api.compile: false"
    # A test that goes takes its bytecode along, and nothing else's goes.
    tests = ["kit/tests/__init__.py", "kit/tests/__pycache__/__init__.cpython-312.pyc"]
    assert measures["safe"].zipped == sum(weights[path].compressed_bytes for path in tests)
    assert any(line.lstrip().startswith("compile ") for line in plan_lines(result.fit))
