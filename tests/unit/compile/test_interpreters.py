"""What interpreters make of modules, with the one these tests run in; an image's with an engine in memory."""

from __future__ import annotations

import importlib.util
import marshal
import os
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from packager.compile.here import LocalPython, local_python
from packager.compile.image import python_of_image
from packager.core.errors import EnvironmentFault, GeneratorFault
from packager.model.builds import Tree
from packager.model.bytecode import Manner, Module
from packager.model.containers import Outcome
from tests.support.containers import FakeContainers, Files
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packager.model.containers import Command

OWN = "{}.{}".format(*sys.version_info[:2])
RELEASE = "{}.{}.{}".format(*sys.version_info[:3])
SOURCES: dict[str, str | bytes] = {
    "app.py": "def handler(event, context):\n    return event in {'a', 'b', 'c', b'd', 2.5}\n",
    "package/__init__.py": '"""Says \\d."""\nfrom . import text\n',
    "package/text.py": "# -*- coding: latin-1 -*-\nname = '\xe9'\n".encode("latin-1"),
    "old.py": "print 'Python 2'\n",
    "nul.py": b"\0",
}


def modules(root: Path, sources: Mapping[str, str | bytes] = SOURCES) -> list[Module]:
    write_tree(root, sources)
    return [Module(root / path, f"/var/task/{path}") for path in sources]


@pytest.fixture
def python() -> LocalPython:
    with local_python(OWN) as found:
        return found


def test_a_module_knows_its_place_on_the_target_and_is_trusted(tmp_path: Path, python: LocalPython) -> None:
    batch = python.compile(modules(tmp_path / "src"), Manner(), tmp_path / "work")

    assert python.release.startswith(OWN)
    content = batch.made["/var/task/app.py"]
    assert content[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(content[4:8], "little") == 0b01  # PEP 552: by hash, not checked
    code = marshal.loads(content[16:])
    assert code.co_filename == "/var/task/app.py"
    assert str(tmp_path).encode() not in b"".join(batch.made.values())


def test_a_layers_modules_are_compared_with_their_source(tmp_path: Path, python: LocalPython) -> None:
    batch = python.compile(modules(tmp_path / "src"), Manner(checked=True), tmp_path / "work")

    content = batch.made["/var/task/app.py"]
    assert int.from_bytes(content[4:8], "little") == 0b11
    assert content[8:16] == importlib.util.source_hash((tmp_path / "src/app.py").read_bytes())


def test_what_is_no_module_of_this_python_is_named_and_the_rest_is_compiled(
    tmp_path: Path, python: LocalPython
) -> None:
    batch = python.compile(modules(tmp_path / "src"), Manner(), tmp_path / "work")

    assert set(batch.made) == {"/var/task/app.py", "/var/task/package/__init__.py", "/var/task/package/text.py"}
    assert set(batch.failed) == {"/var/task/old.py", "/var/task/nul.py"}
    assert "(old.py, line 1)" in batch.failed["/var/task/old.py"]


def test_the_same_bytes_wherever_and_whoever(tmp_path: Path, python: LocalPython) -> None:
    first = python.compile(modules(tmp_path / "src"), Manner(), tmp_path / "work")
    elsewhere = modules(tmp_path / "another folder" / "é")
    script = (
        "import os, pickle, sys; os.umask(0o077); from pathlib import Path\n"
        "from packager.model.bytecode import Manner\nfrom packager.compile.here import LocalPython\n"
        "modules = pickle.load(sys.stdin.buffer)\n"
        "batch = LocalPython(Path(sys.argv[1]), '').compile(modules[::-1], Manner(), Path(sys.argv[2]))\n"
        "pickle.dump(batch, sys.stdout.buffer)\n"
    )
    import pickle

    done = subprocess.run(
        [sys.executable, "-c", script, str(python.executable), str(tmp_path / "other work")],
        input=pickle.dumps(elsewhere),
        env={**os.environ, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONOPTIMIZE": "2",
             "PYTHONPYCACHEPREFIX": str(tmp_path / "prefix"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True, check=True,
    )  # fmt: skip

    assert pickle.loads(done.stdout) == first
    assert not (tmp_path / "prefix/var").exists()


def test_optimisation_is_the_functions_own(tmp_path: Path, python: LocalPython) -> None:
    sources = {"app.py": 'def f():\n    """Documented."""\n    assert print\n'}
    made = [
        python.compile(modules(tmp_path / "src", sources), Manner(level), tmp_path / f"work-{level}").made
        for level in (0, 1, 2, 3)
    ]
    plain, without_asserts, without_docstrings, alike = (batch["/var/task/app.py"] for batch in made)

    assert b"Documented." in without_asserts
    assert b"Documented." not in without_docstrings
    assert len(plain) > len(without_asserts) > len(without_docstrings)
    assert alike == without_docstrings


def test_without_the_targets_python_the_way_out_is_named() -> None:
    with pytest.raises(EnvironmentFault) as caught, local_python("3.99", " and none in the image x"):
        pass

    assert caught.value.message.startswith("there is no Python 3.99 on this machine and none in the image x")
    assert "install python3.99" in caught.value.fix
    assert "remove compile: true" in caught.value.fix


def test_an_interpreter_that_dies_names_the_module(tmp_path: Path) -> None:
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\necho /var/task/flat.py\necho /var/task/deep.py\nkill -SEGV $$\n")
    dying.chmod(0o755)

    with pytest.raises(GeneratorFault) as caught:
        LocalPython(dying, "3.12.1").compile(modules(tmp_path / "src"), Manner(), tmp_path / "work")

    assert str(caught.value).startswith("/var/task/deep.py: Python died of signal 11 while it compiled this file")


def in_container(command: Command, files: Files) -> Outcome:
    """Be a container whose ``python3`` is the one of these tests."""
    if command.argv[0] == "sh":
        wanted = command.argv[-1]
        return Outcome(0, f"/usr/bin/python{OWN} {RELEASE}\n", 0.0) if wanted == OWN else Outcome(1, "", 0.0)
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        root = str(command.workdir)
        write_tree(Path(folder), {name.removeprefix(f"{root}/"): content for name, content in files.items()})
        done = subprocess.run(
            [sys.executable, *command.argv[1:]], cwd=folder, env=dict(command.environment), capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        for path in Path(folder, "made").iterdir():
            files[str(PurePosixPath(root) / "made" / path.name)] = path.read_bytes()
    return Outcome(done.returncode, done.stdout, 0.0)


def test_an_image_gives_the_same_bytes(tmp_path: Path, python: LocalPython) -> None:
    engine = FakeContainers(behave=in_container)
    tree = Tree(tmp_path, "docker", "debian:bookworm-slim", "sha256:1")
    wanted = modules(tmp_path / "src")

    with python_of_image(engine, tree, OWN, "x86_64") as found:
        assert found is not None
        batch = found.compile(wanted, Manner(), tmp_path / "from the image")

    assert (found.release, found.executable) == (RELEASE, f"/usr/bin/python{OWN}")
    assert batch == python.compile(wanted, Manner(), tmp_path / "from here")
    assert engine.started[0].limits.network is False
    assert engine.started[0].removed


def test_an_image_without_it_has_none(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "docker", "debian:bookworm-slim", "sha256:1")

    with python_of_image(FakeContainers(behave=in_container), tree, "3.99", "x86_64") as found:
        assert found is None


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (Outcome(139, "/var/task/deep.py\n", 1.0), "/var/task/deep.py: Python ended with exit code 139"),
        (Outcome(137, "/var/task/deep.py\n", 1.0, timed_out=True), "/var/task/deep.py: Python did not end within"),
    ],
)
def test_a_container_that_fails_names_the_module(tmp_path: Path, outcome: Outcome, message: str) -> None:
    def behave(command: Command, files: Files) -> Outcome:
        return in_container(command, files) if command.argv[0] == "sh" else outcome

    tree = Tree(tmp_path, "docker", "debian:bookworm-slim", "sha256:1")
    with (
        python_of_image(FakeContainers(behave=behave), tree, OWN, "x86_64") as found,
        pytest.raises(GeneratorFault) as caught,
    ):
        assert found is not None
        found.compile(modules(tmp_path / "src"), Manner(), tmp_path / "work")

    assert str(caught.value).startswith(message)


def test_modules_are_read_one_by_one(tmp_path: Path, python: LocalPython) -> None:
    """What came before a module has no part in its bytes."""
    wanted: Sequence[Module] = modules(tmp_path / "src")
    together = python.compile(wanted, Manner(), tmp_path / "together").made

    for number, module in enumerate(wanted):
        alone = python.compile([module], Manner(), tmp_path / f"alone-{number}").made
        assert alone.get(module.name) == together.get(module.name)
