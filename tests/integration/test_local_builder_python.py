"""The local builder with the real pip, without a network: everything comes from a wheel made on the spot."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.builders.local import LocalBuilder
from packager.core.errors import GeneratorFault
from packager.core.progress import Silent, Stopwatch
from packager.model.builds import PYTHON_PACKAGES_DIR
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.builds import Tree

STOPS = "raise SystemExit('the project stands in for the standard library')\n"
REQUIREMENTS = "--no-index\n--find-links wheels\nlittle==1.0\n"
BACKEND = """\
import zipfile

def build_wheel(folder, settings=None, metadata=None):
    name = "inside-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("inside.py", "")
        wheel.writestr("inside-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: inside\\nVersion: 1.0\\n")
        wheel.writestr(
            "inside-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        )
        wheel.writestr("inside-1.0.dist-info/RECORD", "")
    return name

build_editable = build_wheel
"""
PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "inside"
version = "1.0"
"""


def make_wheel(folder: Path) -> None:
    """Write little 1.0, one module and a script."""
    folder.mkdir(parents=True)
    about = {
        "METADATA": "Metadata-Version: 2.1\nName: little\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": "[console_scripts]\nlittle = little:main\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(folder / "little-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("little.py", "def main(): ...\n")
        for name, text in about.items():
            wheel.writestr(f"little-1.0.dist-info/{name}", text)


def build(project: Path) -> Tree:
    job = make_job(project, manager="pip", language="python", language_version="3.12", lock_file="requirements.txt")
    return LocalBuilder().build(job, project.parent / "scratch", Stopwatch(Silent()))


@pytest.mark.parametrize(
    "own",
    [
        "types.py",
        "enum.py",
        "token.py",
        "operator.py",
        "pathlib.py",
        "re.py",
        "runpy.py",
        "urllib/__init__.py",
        "pip/__main__.py",
        "pip/__init__.py",
    ],
)
def test_the_projects_own_modules_take_no_part_in_the_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    project = write_project(tmp_path / "p", {"requirements.txt": REQUIREMENTS, own: STOPS})
    if own == "pip/__main__.py":
        write_project(project, {"pip/__init__.py": "", own: ""})  # an empty one ends well and installs nothing
    make_wheel(project / "wheels")
    monkeypatch.chdir(project)  # as people start packager
    root = build(project).root
    assert (root / PYTHON_PACKAGES_DIR / "little.py").is_file()
    assert (root / PYTHON_PACKAGES_DIR / "bin/little").read_text().startswith("#!/usr/bin/env python3\n")
    assert (root / own).read_bytes() == (project / own).read_bytes()


def test_the_pip_of_the_users_own_folder_is_still_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-I` leaves that folder out, and it is where ``pip install --user --upgrade pip`` puts it."""
    home = tmp_path / "home"
    folder = home / ".local/lib/python{}.{}/site-packages".format(*sys.version_info[:2])
    write_project(
        folder,
        {
            "pip/__init__.py": "",
            "pip/__main__.py": "import sys\nprint('pip of the user', sys.argv[1:])\n"
            "sys.exit(0 if '--version' in sys.argv else 7)\n",
            "enum.py": STOPS,  # a backport beside it: found after the standard library, as always
        },
    )
    project = write_project(tmp_path / "p", {"requirements.txt": REQUIREMENTS})
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(sys, "executable", f"{sys.base_prefix}/bin/python3")
    with pytest.raises(GeneratorFault) as caught:
        build(project)
    assert "pip of the user ['install'" in caught.value.output


@pytest.mark.parametrize("line", ["-e .", ".", "-r more/inside.txt"])
def test_what_lies_in_the_project_is_built_as_before(tmp_path: Path, line: str) -> None:
    project = write_project(
        tmp_path / "p",
        {
            "requirements.txt": f"--no-index\n{line}\n",
            "more/inside.txt": "-e .\n",
            "pyproject.toml": PYPROJECT,
            "backend.py": BACKEND,
            "types.py": STOPS,
            "enum.py": STOPS,
        },
    )
    assert (build(project).root / PYTHON_PACKAGES_DIR / "inside.py").is_file()


def test_a_list_outside_the_project_is_named(tmp_path: Path) -> None:
    write_project(tmp_path, {"shared.txt": "little\n"})
    project = write_project(tmp_path / "p", {"requirements.txt": "-r ../shared.txt\n"})
    with pytest.raises(GeneratorFault) as caught:
        build(project)
    assert "shared.txt" in caught.value.output
    assert "-m pip install" in caught.value.where
