"""What a new plug-in of each kind costs: the files its dummy consists of, and the lines that register it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import packager
from tests.contracts import conftest, dummies, test_languages, test_package_managers

FOLDER = Path(dummies.__file__).parent
# Contract → (files of the dummy, the registry of the package that gets its line).
TOUCHED = {
    "LanguagePlugin": (["quill.py"], "LANGUAGES", "languages/registry.py"),
    "PackageManagerPlugin": (["shelf.py"], "PACKAGE_MANAGERS", "package_managers/registry.py"),
    "Host": (
        ["dummy_host/__init__.py", "dummy_host/dummy.yaml", "dummy_host/host.py"],
        "HOSTS",
        "hosts/registry.py",
    ),
    "ConfigFormat of a host": (["dummy_host/config.py"], "CONFIG_FORMATS", "hosts/registry.py"),
    "ConfigFormat of a tool": (["dummy_tool.py"], "CONFIG_FORMATS", "hosts/registry.py"),
    "Destination": (["dummy_destination.py"], "DESTINATIONS", "destinations/registry.py"),
}


def test_the_dummies_are_these_files_and_no_other() -> None:
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.suffix in (".py", ".yaml")}
    assert there - {"__init__.py"} == {file for files, _, _ in TOUCHED.values() for file in files}


@pytest.mark.parametrize("contract", TOUCHED)
def test_one_dict_of_the_package_is_where_a_plug_in_is_registered(contract: str) -> None:
    _, name, file = TOUCHED[contract]
    definitions = [
        path.relative_to(Path(packager.__file__).parent).as_posix()
        for path in Path(packager.__file__).parent.rglob("*.py")
        if re.search(rf"^{name}\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert definitions == [file]


def test_the_fixture_registers_each_dummy_by_one_line() -> None:
    modules = (conftest, test_languages, test_package_managers)
    texts = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in modules]
    lines = re.findall(r"setitem\((\w+), \"", "".join(texts))
    assert sorted(lines) == sorted(name for _, name, _ in TOUCHED.values())


def test_the_package_knows_no_dummy() -> None:
    words = re.compile(r"dummy[-_]?(host|tool|dest)")
    named = [path for path in Path(packager.__file__).parent.rglob("*.py") if words.search(path.read_text("utf-8"))]
    assert named == []
