"""Python's native packages and what belongs together: recognised, kept whole, and missed when it is not there."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit_archive
from packager.catalog.current import load_catalog
from packager.core.requirements import read_requirements
from packager.engines.siblings import siblings_of
from packager.inventory.tree import scan_tree
from packager.project.survey import survey
from tests.support.elfs import write_elf
from tests.support.fakes import make_bundle, make_job
from tests.support.mounts import target
from tests.support.stages import ruled
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CATALOG = load_catalog()
EXTENSION = write_elf(needed=["libscipy_openblas64_.so", "libc.so.6"], runpath="$ORIGIN/../../numpy.libs")
INFO = {
    "numpy-2.4.0.dist-info/METADATA": "Name: numpy\n",
    "numpy-2.4.0.dist-info/RECORD": "numpy/_core/_multiarray_umath.cpython-312-x86_64-linux-gnu.so,,\n"
    "numpy/_core/_simd.cpython-312-x86_64-linux-gnu.so,,\nnumpy.libs/libscipy_openblas64_.so,,\n",
}


@pytest.mark.parametrize(
    ("package", "beside"),
    [
        ("numpy", ("numpy.libs",)),
        ("psycopg2-binary", ("psycopg2_binary.libs",)),
        ("scikit-learn", ("scikit_learn.libs",)),
        ("@img/sharp-linuxmusl-arm64", ("@img/sharp-libvips-linuxmusl-arm64",)),
        ("@img/sharp-libvips-linux-x64", ()),
        ("express", ()),
    ],
)
def test_what_lies_beside_a_package(package: str, beside: tuple[str, ...]) -> None:
    assert siblings_of(CATALOG.engines, package) == beside


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("numpy==2.1.0 --hash=sha256:00", {"numpy": "2.1.0"}),
        ('Psycopg2_Binary >= 2.9 ; python_version > "3.8"', {"psycopg2-binary": ""}),
        ("psycopg[binary,pool]==3.2.1", {"psycopg": "3.2.1"}),
        ("pandas @ https://example.org/pandas.whl", {"pandas": ""}),
        ("https://example.org/pandas.whl", {}),
        ("git+https://example.org/x.git", {}),
        ("-e .", {}),
        ("--index-url https://example.org/simple", {}),
        ("./vendored/own-1.0.whl", {}),
        ("# numpy", {}),
        ("", {}),
    ],
)
def test_a_line_of_requirements(line: str, found: dict[str, str]) -> None:
    assert read_requirements(line) == found


def test_engines_of_a_python_project_are_recognised_and_those_of_node_are_not(tmp_path: Path) -> None:
    write_tree(tmp_path, {"requirements.txt": "pandas\nduckdb\nsharp\n"})

    assert [engine.name for engine in survey(tmp_path, CATALOG).engines] == ["numpy", "pandas"]


@pytest.mark.parametrize(("level", "kept"), [("safe", False), ("none", True)])
def test_numpys_own_tests_go_and_its_libraries_stay(tmp_path: Path, level: str, kept: bool) -> None:
    folder = ".packager-python"
    files: dict[str, bytes | str] = {f"{folder}/{path}": text for path, text in INFO.items()}
    simd = f"{folder}/numpy/_core/_simd.cpython-312-x86_64-linux-gnu.so"
    stays = (
        f"{folder}/numpy/_core/_multiarray_umath.cpython-312-x86_64-linux-gnu.so",
        f"{folder}/numpy.libs/libscipy_openblas64_.so",
    )
    write_tree(tmp_path, {**files, **dict.fromkeys((simd, *stays), write_elf())})
    engines = tuple(engine for engine in CATALOG.engines if engine.name == "numpy")
    bundle = make_bundle(runtime="python3.12", job=make_job(engines=engines), trim=level)

    inventory, graph = scan_tree(tmp_path, {})
    chosen = ruled(inventory, graph, bundle, python_packages=folder)

    assert {choice.file.path for choice in chosen.kept} >= set(stays)
    assert (simd in {choice.file.path for choice in chosen.kept}) is kept


def test_a_folder_of_libraries_that_was_left_out_is_named(tmp_path: Path) -> None:
    umath = "numpy/_core/_multiarray_umath.cpython-312-x86_64-linux-gnu.so"
    library = {"numpy.libs/libscipy_openblas64_.so": write_elf(soname="libscipy_openblas64_.so")}

    def fixes(name: str, files: Mapping[str, bytes | str]) -> list[str]:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in files.items():
                archive.writestr(member, content)
        found = audit_archive(path, [], target("python3.12"))
        return [one.fix for one in found if one.code == "LIB001"]

    answer = "numpy.libs belongs with numpy and was left out: pack it, too, or install again"
    assert fixes("half.zip", {**INFO, umath: EXTENSION}) == [answer]
    assert fixes("whole.zip", {**INFO, umath: EXTENSION, **library}) == []
