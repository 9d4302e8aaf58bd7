"""What a project folder holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import ConfigError
from packager.project.survey import survey
from tests.support.trees import lock_json, package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.project import Survey


def surveyed(root: Path, language: str = "") -> Survey:
    return survey(root, load_catalog(), language)


def locked(root: Path, **versions: str) -> Path:
    package = {"name": "app", "version": "1.0.0", "dependencies": versions}
    return write_tree(
        root, {"package.json": package_json(dependencies=versions), "package-lock.json": lock_json(package, versions)}
    )


def test_a_locked_node_project(tmp_path: Path) -> None:
    facts = surveyed(locked(tmp_path, sharp="0.34.0", express="4.1.0"))

    assert (facts.language, facts.manager, facts.lock_file) == ("nodejs", "npm", "package-lock.json")
    assert facts.packages == {"sharp": "0.34.0", "express": "4.1.0"}
    assert [engine.name for engine in facts.engines] == ["sharp"]


@pytest.mark.parametrize(("version", "found"), [("7.0.0", True), ("7.10.0-dev.3", True), ("8.0.0", False)])
def test_an_engines_file_speaks_of_its_own_versions_only(tmp_path: Path, version: str, found: bool) -> None:
    facts = surveyed(locked(tmp_path, **{"@prisma/client": version, "prisma": version}))

    assert ("prisma-7" in [engine.name for engine in facts.engines]) is found


def test_the_schema_is_found_where_the_engine_looks_for_it(tmp_path: Path) -> None:
    locked(tmp_path, **{"@prisma/client": "7.1.0"})
    schema = 'datasource db {\n provider = "sqlite"\n}\ngenerator client {\n provider = "prisma-client-js"\n}\n'
    write_tree(tmp_path, {"schema.prisma": "", "prisma/schema.prisma": schema})

    facts = surveyed(tmp_path)

    assert facts.schema_file == "prisma/schema.prisma"
    assert facts.schema["provider"] == "sqlite"
    assert facts.schema["generator"] == "prisma-client-js"


def test_a_python_project_and_a_custom_runtime(tmp_path: Path) -> None:
    write_tree(tmp_path / "py", {"requirements.txt": "numpy==2.0.0\n"})
    write_tree(tmp_path / "rt", {"bootstrap": "#!/bin/sh\n"})

    assert (surveyed(tmp_path / "py").manager, surveyed(tmp_path / "py").lock_file) == ("pip", "requirements.txt")
    assert (surveyed(tmp_path / "rt").language, surveyed(tmp_path / "rt").manager) == ("provided", None)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"package-lock.json": "{ <<<<<<< HEAD"}, "is not JSON"),
        ({"package-lock.json": "{}"}, "lockfileVersion"),
        ({"bun.lock": ""}, "bun"),
        ({}, "there is no lock file"),
        (
            {"package-lock.json": lock_json({"name": "app", "dependencies": {"b": "1"}}, {"b": "1"})},
            "does not agree with package.json",
        ),
    ],
)
def test_a_lock_that_cannot_be_trusted_is_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    write_tree(tmp_path, {"package.json": package_json(dependencies={"a": "1.0.0"}), **files})

    with pytest.raises(ConfigError, match=message) as caught:
        surveyed(tmp_path)

    assert caught.value.fix
    assert caught.value.where
