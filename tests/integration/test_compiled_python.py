"""Modules compiled ahead, with packages from PyPI: the same bytes everywhere, and what Python really loads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from packager.catalog.current import load_catalog
from packager.compile.here import LocalPython, local_python
from packager.inventory.bytecode import source_path
from packager.model.bytecode import Manner, Module
from packager.toolchains.interpreters import find_python
from tests.support.cli import Ran, packager
from tests.support.documents import check
from tests.support.trees import write_tree

pytestmark = pytest.mark.network

OWN = "{}.{}".format(*sys.version_info[:2])
RUNTIME = f"python{OWN}"
TAG = f"cpython-{OWN.replace('.', '')}"
HANDLER = (
    "import requests\nimport helper\n\ndef handler(event, context):\n    return [requests.__name__, helper.VALUE]\n"
)
API = {"target": "aws-lambda", "runtime": RUNTIME, "handler": "app.handler", "compile": True}
PROJECT = {
    "app.py": HANDLER,
    "helper.py": "VALUE = 1\n",
    "templates/setup.py": 'print "{{ name }}"\n',
    "requirements.txt": "requests==2.32.3\n",
}


@pytest.fixture(autouse=True)
def runs_on_a_target() -> None:
    if RUNTIME not in load_catalog().host("aws-lambda").runtimes:
        pytest.skip(f"no target runs Python {OWN}, which these tests run in")


def build(root: Path, *arguments: str, bundles: dict[str, object] | None = None, **environment: str) -> Ran:
    config = {"version": 1, "bundles": bundles or {"api": API}}
    write_tree(root, {**PROJECT, "packager.yaml": json.dumps(config)})
    return packager("build", root, "--json", *arguments, cwd=None, timeout=600, **environment)


def test_a_function_is_built_proved_and_loaded_from_its_bytecode(tmp_path: Path) -> None:
    ran = build(tmp_path / "app", "--builder", "host", "--require-proof")
    assert ran.code == 0, ran.stderr
    document = ran.json()
    check("build", document)
    (bundle,) = document["bundles"]
    manifest = json.loads((tmp_path / "app/dist/api.manifest.json").read_text())
    check("manifest", manifest)

    assert bundle["proof"]["status"] == "proved"
    assert bundle["compiled"] == manifest["compiled"]
    assert list(bundle["compiled"]["left_alone"]) == ["templates/setup.py"]
    assert any(note.startswith("not compiled") and "templates/setup.py" in note for note in bundle["notes"])
    rows = {row["path"]: row for row in manifest["files"]}
    made = {path: row for path, row in rows.items() if row["rule"] == "compiled"}
    assert bundle["compiled"]["modules"] == len(made)
    assert bundle["compiled"]["bytes"] == sum(row["size"] for row in made.values())
    # Every module but the template has its bytecode beside it, and nothing else has.
    sources = {path for path in rows if path.endswith(".py")} - {"templates/setup.py"}
    assert {
        str(PurePosixPath(path).parent.parent / f"{PurePosixPath(path).name.split('.')[0]}.py") for path in made
    } == sources
    assert bundle["artifact"]["unzipped_bytes"] == sum(row["size"] for row in rows.values())

    # The proof of the pudding: sources that would end the process are never read, also where nothing can be written.
    task = tmp_path / "task"
    with zipfile.ZipFile(tmp_path / "app/dist/api.zip") as archive:
        archive.extractall(task)
    for source in sources:
        (task / source).write_text("raise SystemExit('read the source')\n")
    for folder in (task, *(path for path in task.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    script = f"import sys; sys.path.insert(0, {str(task)!r}); import app; print(app.handler(None, None))"
    with local_python(OWN) as python:
        loaded = subprocess.run(
            [str(python.executable), "-S", "-s", "-c", script],
            env={"PATH": os.defpath}, capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
    for folder in (task, *(path for path in task.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    assert (loaded.stdout, loaded.stderr) == ("['requests', 1]\n", "")


def test_the_same_bytes_in_another_folder_under_another_umask_and_zone(tmp_path: Path) -> None:
    first = build(tmp_path / "app", "--builder", "host", "--no-prove", "--cache", str(tmp_path / "one"))
    assert first.code == 0, first.stderr
    old = os.umask(0o077)
    try:
        second = build(
            tmp_path / "another folder" / "deep", "--builder", "host", "--no-prove", "--cache", str(tmp_path / "two"),
            TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7", PYTHONDONTWRITEBYTECODE="", PYTHONOPTIMIZE="1",
        )  # fmt: skip
    finally:
        os.umask(old)
    again = build(tmp_path / "app", "--builder", "host", "--no-prove", "--cache", str(tmp_path / "one"))

    found = [ran.json()["bundles"][0] for ran in (first, second, again)]
    assert {bundle["artifact"]["sha256"] for bundle in found} == {found[0]["artifact"]["sha256"]}
    assert found[0]["compiled"]["modules"] > 50


def test_a_layer_and_the_function_on_it(tmp_path: Path) -> None:
    layer = {"target": "aws-lambda-layer", "runtime": RUNTIME, "compile": True}
    ran = build(
        tmp_path / "app", "--builder", "host", "--require-proof",
        bundles={"libs": layer, "api": {**API, "layers": ["libs"]}},
    )  # fmt: skip
    assert ran.code == 0, ran.stderr

    with zipfile.ZipFile(tmp_path / "app/dist/libs.zip") as archive:
        content = archive.read(f"python/requests/__pycache__/api.{TAG}.pyc")
    assert b"/opt/python/requests/api.py" in content
    assert int.from_bytes(content[4:8], "little") == 0b11  # compared with the source: layers lie over one another
    with zipfile.ZipFile(tmp_path / "app/dist/api.zip") as archive:
        names = {name for name in archive.namelist() if name.endswith(".pyc")}
        content = archive.read(f"__pycache__/app.{TAG}.pyc")
    assert names == {f"__pycache__/app.{TAG}.pyc", f"__pycache__/helper.{TAG}.pyc"}
    assert int.from_bytes(content[4:8], "little") == 0b01


def test_why_tells_of_what_was_compiled_and_what_was_not(tmp_path: Path) -> None:
    def why(path: str) -> list[dict[str, object]]:
        ran = build(tmp_path / "app", "--builder", "host", "--why", path)
        assert ran.code == 0, ran.stderr
        rows: list[dict[str, object]] = ran.json()["why"]
        return rows

    (row,) = why(f"__pycache__/helper.{TAG}.pyc")
    assert (row["kept"], row["rule"]) == (True, "compiled")
    (row,) = why("templates/setup.py")
    assert row["kept"]
    assert "; not compiled: " in str(row["reason"])


@pytest.mark.docker
def test_the_image_of_the_docker_builder_compiles(tmp_path: Path) -> None:
    """Debian 12 has Python 3.11 and this machine may have the same release of it: then both give the same bytes."""
    api = {**API, "runtime": "python3.11"}
    image = "debian:bookworm-slim"
    ran = build(tmp_path / "app", "--builder", "docker", "--image", image, "--no-prove", bundles={"api": api})
    assert ran.code == 0, ran.stderr
    (docker,) = ran.json()["bundles"]
    assert docker["builder"]["name"] == "docker"
    assert docker["compiled"]["python"] == docker["builder"]["toolchain"]["python3"]
    again = build(
        tmp_path / "b", "--builder", "docker", "--image", image, "--no-prove", "--cache", str(tmp_path / "cache"),
        bundles={"api": api},
    )  # fmt: skip
    assert again.json()["bundles"][0]["artifact"]["sha256"] == docker["artifact"]["sha256"]

    release = docker["compiled"]["python"]
    own = next((python for python in ("/usr/bin/python3.11", sys.executable) if release_of(python) == release), None)
    if own is None:
        pytest.skip(f"this machine has no Python {release}, as the image has")
    task = tmp_path / "task"
    with zipfile.ZipFile(tmp_path / "app/dist/api.zip") as archive:
        archive.extractall(task)
    made = {source_path(path.relative_to(task).as_posix()): path.read_bytes() for path in task.rglob("*.pyc")}
    modules = [Module(task / path, f"/var/task/{path}") for path in made]
    batch = LocalPython(Path(own), release).compile(modules, Manner(), tmp_path / "work")
    assert batch.made == {f"/var/task/{path}": content for path, content in made.items()}
    assert len(made) == docker["compiled"]["modules"]


def release_of(python: str) -> str:
    if shutil.which(python) is None:
        return ""
    return subprocess.run([python, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]


@pytest.mark.docker
def test_an_image_without_the_targets_python_leaves_it_to_this_machine(tmp_path: Path) -> None:
    if find_python("3.12") is None:
        pytest.skip("this machine has no Python 3.12")
    api = {**API, "runtime": "python3.12"}
    ran = build(
        tmp_path / "app", "--builder", "docker", "--image", "debian:bookworm-slim", "--no-prove", bundles={"api": api}
    )
    assert ran.code == 0, ran.stderr
    assert ran.json()["bundles"][0]["compiled"]["python"].startswith("3.12.")


def test_without_the_targets_python_nothing_is_built(tmp_path: Path) -> None:
    missing = next((v for v in ("3.14", "3.13", "3.12", "3.11") if find_python(v) is None), None)
    if missing is None:
        pytest.skip("this machine has every Python that a target has")
    ran = build(tmp_path / "app", "--builder", "host", bundles={"api": {**API, "runtime": f"python{missing}"}})

    assert ran.code == 4
    error = ran.json()["error"]
    assert error["message"].startswith(f"there is no Python {missing} on this machine")
    assert f"install python{missing}" in error["fix"]
    assert not list((tmp_path / "app/dist").glob("*.zip"))
