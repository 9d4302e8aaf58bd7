"""Which of the kept files are compiled, what they are called, and what is remembered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from packager.compile.cache import compile_modules
from packager.compile.kept import compile_kept
from packager.model.bytecode import BytecodeBatch, Compiled, Manner, Module
from packager.model.inventory import File, Package
from packager.model.selection import Choice, Selection
from packager.pipeline.inputs import compile_inputs
from tests.support.fakes import make_bundle
from tests.support.stages import contents_of
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packager.model.plan import Bundle

SIX = Package("six", "1.17.0", ".packager-python/six-1.17.0.dist-info")
FILES = {
    "app.py": "x = 1\n",
    "__pycache__/app.cpython-312.pyc": "made by an unknown tool",
    "__pycache__/app.cpython-39.pyc": "",
    "conf.sample.py": "x = 2\n",
    "data.json": "{}",
    "old.py": "BROKEN",
    "dropped.py": "x = 3\n",
    ".packager-python/six.py": "x = 4\n",
}
DROPPED = {"dropped.py", "__pycache__/app.cpython-312.pyc", "__pycache__/app.cpython-39.pyc"}


@dataclass
class Counting:
    """Makes bytes that tell what they are made of, and remembers what it was asked for."""

    release: str = "3.12.1"
    asked: list[str] = field(default_factory=list)
    manners: list[Manner] = field(default_factory=list)

    def compile(self, modules: Sequence[Module], manner: Manner, scratch: Path) -> BytecodeBatch:
        self.asked += [module.name for module in modules]
        self.manners.append(manner)
        texts = {module.name: module.source.read_bytes() for module in modules}
        failed = {name: "invalid syntax" for name, text in texts.items() if b"BROKEN" in text}
        made = {name: f"{name} {manner} ".encode() + text for name, text in texts.items() if name not in failed}
        return BytecodeBatch(made, failed)


def selection(root: Path, files: Mapping[str, str] = FILES) -> Selection:
    write_tree(root, files)
    choices = []
    for path, text in sorted(files.items()):
        file = File(path, len(text), source=path, package=SIX if "six" in path else None)
        choices.append(Choice(file, path not in DROPPED, "project", "the project's own file"))
    return Selection(tuple(choices))


def compiled(root: Path, python: Counting, bundle: Bundle, files: Mapping[str, str] = FILES) -> Compiled:
    scratch = root / f"scratch-{len(python.manners)}-{bundle.kind}"
    scratch.mkdir(parents=True)
    inputs = compile_inputs(bundle, selection(root / "tree", files))
    assert inputs is not None
    assert (inputs.language_version, inputs.arch) == ("3.12", bundle.target.arch)
    return compile_kept(inputs, python, contents_of(root / "tree"), root / "cache", scratch)


def test_every_kept_module_gets_its_bytecode_beside_it(tmp_path: Path) -> None:
    python = Counting()
    made = compiled(tmp_path, python, make_bundle(runtime="python3.12", compile=True))

    kept = {choice.file.path: choice for choice in made.selection.kept}
    new = {path: choice for path, choice in kept.items() if choice.rule == "compiled"}
    assert set(new) == {"__pycache__/app.cpython-312.pyc", ".packager-python/__pycache__/six.cpython-312.pyc"}
    assert set(kept) - set(new) == FILES.keys() - DROPPED
    # A function's packages lie at its root.
    assert python.asked == ["/var/task/six.py", "/var/task/app.py", "/var/task/old.py"]
    six = new[".packager-python/__pycache__/six.cpython-312.pyc"]
    assert six.file.package == SIX
    assert contents_of(tmp_path / "tree").path(six.file.source).stat().st_size == six.file.size_bytes
    assert six.reason == "six.py, compiled ahead by Python 3.12.1"


def test_each_path_is_judged_once_and_in_order(tmp_path: Path) -> None:
    made = compiled(tmp_path, Counting(), make_bundle(runtime="python3.12", compile=True))

    paths = [choice.file.path for choice in made.selection.choices]
    assert paths == sorted({*FILES, ".packager-python/__pycache__/six.cpython-312.pyc"})
    assert [choice.file.path for choice in made.selection.dropped] == ["__pycache__/app.cpython-39.pyc", "dropped.py"]


def test_what_cannot_be_compiled_stays_and_is_named(tmp_path: Path) -> None:
    made = compiled(tmp_path, Counting(), make_bundle(runtime="python3.12", compile=True))

    assert made.left_alone == {"old.py": "invalid syntax"}
    (old,) = made.selection.why("old.py")
    assert (old.kept, old.reason) == (True, "the project's own file; not compiled: invalid syntax")
    assert made.notes() == ("not compiled, since Python 3.12.1 cannot: old.py: invalid syntax",)
    size = sum(choice.file.size_bytes for choice in made.selection.kept if choice.rule == "compiled")
    assert made.to_json() == {
        "python": "3.12.1", "modules": 2, "bytes": size, "left_alone": {"old.py": "invalid syntax"},
    }  # fmt: skip


def test_many_that_cannot_be_compiled_are_one_line(tmp_path: Path) -> None:
    files = {f"templates/t{number}.py": "BROKEN" for number in range(5)}
    made = compiled(tmp_path, Counting(), make_bundle(runtime="python3.12", compile=True), files)

    (note,) = made.notes()
    assert note.endswith("templates/t2.py: invalid syntax; and 2 more, see the manifest")
    assert len(made.left_alone) == 5


def test_a_layers_modules_are_named_by_where_it_is_mounted(tmp_path: Path) -> None:
    python = Counting()
    files = {".packager-python/six.py": "x = 4\n"}
    compiled(tmp_path, python, make_bundle(target="aws-lambda-layer", runtime="python3.12", compile=True), files)

    assert python.asked == ["/opt/python/six.py"]
    assert python.manners == [Manner(checked=True)]


@pytest.mark.parametrize(("value", "level"), [("", 0), ("0", 0), ("1", 1), ("2", 2), ("yes", 1)])
def test_the_level_is_that_of_the_functions_environment(tmp_path: Path, value: str, level: int) -> None:
    bundle = make_bundle(runtime="python3.12", compile=True, environment=(("PYTHONOPTIMIZE", value),))
    python = Counting()
    made = compiled(tmp_path, python, bundle, {"app.py": "x = 1\n"})

    assert python.manners == [Manner(level)]
    (path,) = (choice.file.path for choice in made.selection.kept if choice.rule == "compiled")
    assert path == f"__pycache__/app.cpython-312{f'.opt-{level}' if level else ''}.pyc"


def modules(root: Path, **texts: str) -> list[Module]:
    write_tree(root, {f"{name}.py": text for name, text in texts.items()})
    return [Module(root / f"{name}.py", f"/var/task/{name}.py") for name in texts]


def test_only_what_is_new_is_compiled(tmp_path: Path) -> None:
    python = Counting()

    def run(manner: Manner | None = None, **texts: str) -> BytecodeBatch:
        python.asked.clear()
        wanted = modules(tmp_path / "src", **texts)
        return compile_modules(python, wanted, manner or Manner(), tmp_path / "cache", tmp_path / "work")

    first = run(a="1", b="2", c="BROKEN")
    assert python.asked == ["/var/task/a.py", "/var/task/b.py", "/var/task/c.py"]
    assert run(a="1", b="2", c="BROKEN") == first
    assert python.asked == ["/var/task/c.py"]
    assert run(a="1", b="3").made["/var/task/b.py"].endswith(b"3")
    assert python.asked == ["/var/task/b.py"]
    run(Manner(2), a="1")
    run(Manner(checked=True), a="1")
    assert python.asked == ["/var/task/a.py"]
    python.release = "3.12.2"
    run(a="1")
    assert python.asked == ["/var/task/a.py"]


def test_what_was_damaged_is_compiled_again(tmp_path: Path) -> None:
    python, wanted = Counting(), modules(tmp_path / "src", a="1")
    good = compile_modules(python, wanted, Manner(), tmp_path / "cache", tmp_path / "work")
    (entry,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    for damage in (b"", entry.read_bytes()[:-1], hashlib.sha256(b"x").digest() + b"y"):
        entry.write_bytes(damage)
        assert compile_modules(python, wanted, Manner(), tmp_path / "cache", tmp_path / "work") == good
    assert len(python.asked) == 4


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    wanted = modules(tmp_path / "src", a="1")

    assert compile_modules(Counting(), wanted, Manner(), tmp_path / "cache", tmp_path / "work").made
