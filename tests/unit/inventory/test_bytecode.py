"""Where bytecode lies, as Python itself says it, and whose it is."""

from __future__ import annotations

import sys
from importlib.util import cache_from_source
from pathlib import Path, PurePath

import pytest

from packager.inventory.attribution import Attribution
from packager.inventory.bytecode import bytecode_path, source_path

OWN = "{}.{}".format(*sys.version_info[:2])


@pytest.mark.parametrize("source", ["app.py", "a/b/__init__.py", "my-functions/handler.py", "a.b/c.py"])
@pytest.mark.parametrize("optimize", [0, 1, 2, 3])
def test_python_looks_there(source: str, optimize: int) -> None:
    expected = PurePath(cache_from_source(source, optimization=optimize or "")).as_posix()

    assert bytecode_path(source, OWN, optimize) == expected
    assert source_path(expected) == source


@pytest.mark.parametrize("source", ["app.txt", "app.pyi", "conf.sample.py", ".py", "py", "bin/tool"])
def test_what_cannot_be_imported_has_none(source: str) -> None:
    assert bytecode_path(source, OWN) == ""


@pytest.mark.parametrize("path", ["app.py", "app.pyc", "__pycache__/app.pyc", "a/x.cpython-312.pyc"])
def test_what_is_no_bytecode_of_a_source_has_no_source(path: str) -> None:
    assert source_path(path) == ""


def test_bytecode_belongs_to_the_package_of_its_source() -> None:
    files = {
        "PIL/Image.py": b"",
        "six.py": b"",
        "pillow-11.3.0.dist-info/METADATA": b"Name: pillow",
        "pillow-11.3.0.dist-info/RECORD": b"PIL/Image.py,,\n",
    }
    of = Attribution([*files, str(Path("PIL/__pycache__/Image.cpython-312.pyc"))], files.get)

    found = of("PIL/__pycache__/Image.cpython-312.pyc")
    assert found is not None
    assert (found.name, found.version) == ("pillow", "11.3.0")
    assert of("__pycache__/six.cpython-312.pyc") is None
