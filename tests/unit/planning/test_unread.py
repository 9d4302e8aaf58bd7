"""Files that declare Python dependencies beside or in place of requirements.txt: refused by name, never passed over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ConfigError
from packager.project.config import parse_project
from packager.project.loading import load_project
from packager.project.scaffold import config_text
from tests.support.fakes import NO_DOCKER, plan_for
from tests.support.trees import lock_json, package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.plan import Plan

HANDLER = {"app.py": "def handler(event, context): ...\n"}
UV_LOCK = """\
version = 1
[[package]]
name = "app"
version = "1.0"
source = { virtual = "." }
dependencies = [{ name = "fastapi" }, { name = "colorama", marker = "sys_platform == 'win32'" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
[[package]]
name = "fastapi"
dependencies = [{ name = "pydantic" }]
[[package]]
name = "pydantic"
[[package]]
name = "pytest"
[[package]]
name = "colorama"
"""
EMPTY_UV_LOCK = 'version = 1\n[[package]]\nname = "app"\nversion = "1.0"\nsource = { editable = "." }\n'
PROJECT = '[project]\nname = "app"\nversion = "1"\n'
DECLARING = PROJECT + 'dependencies = ["Fast_API[all]; python_version > \'3\'", "idna==3.10", "typing.extensions"]\n'
POETRY_LOCK = '[[package]]\nname = "idna"\ngroups = ["main"]\n[[package]]\nname = "pytest"\ngroups = ["dev"]\n'
PDM_LOCK = '[[package]]\nname = "idna"\ngroups = ["default"]\n[[package]]\nname = "pytest"\ngroups = ["dev"]\n'
PIPFILE = '[packages]\nidna = "*"\nsix = {version = "*", sys_platform = "== \'win32\'"}\n[dev-packages]\npytest = "*"\n'
PIPFILE_LOCK = json.dumps({"default": {"idna": {"version": "==3.10"}}, "develop": {"pytest": {}}})
PYLOCK = """\
lock-version = "1.0"
[[packages]]
name = "httpx"
dependencies = [{ name = "idna" }]
[[packages]]
name = "idna"
"""
POETRY = '[tool.poetry]\nname = "app"\n[tool.poetry.dependencies]\npython = "^3.12"\n'
SETUPTOOLS = PROJECT + 'dynamic = ["dependencies"]\n[tool.setuptools.dynamic]\ndependencies = { file = ["%s"] }\n'
TOOLS_ONLY = '[tool.ruff]\nline-length = 120\n[tool.black]\n[build-system]\nrequires = ["setuptools"]\n'
UV_EXPORT = "uv export --format requirements-txt --no-dev"


def planned(root: Path, files: dict[str, str], runtime: str = "python3.12") -> Plan:
    write_tree(root, {**HANDLER, **files})
    bundle = {"target": "aws-lambda", "runtime": runtime, "handler": "app.handler"}
    return plan_for(parse_project({"bundles": {"api": bundle}}, root), NO_DOCKER)


def refused(root: Path, files: dict[str, str]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        planned(root, files)
    assert caught.value.exit_code == 3
    return caught.value


@pytest.mark.parametrize(
    ("files", "where", "named", "way"),
    [
        (
            {"pyproject.toml": DECLARING},
            "pyproject.toml",
            "fast-api, idna, typing-extensions",
            "uv pip compile pyproject",
        ),
        ({"pyproject.toml": DECLARING}, "pyproject.toml", "idna", "pip-compile"),
        ({"pyproject.toml": DECLARING, "uv.lock": UV_LOCK}, "pyproject.toml and uv.lock", "idna", UV_EXPORT),
        ({"uv.lock": UV_LOCK}, "uv.lock", "(fastapi, colorama)", UV_EXPORT),
        ({"pyproject.toml": POETRY + 'idna = "^3"\n'}, "pyproject.toml", "(idna)", "poetry export"),
        (
            {"pyproject.toml": POETRY + 'idna = "^3"\n', "poetry.lock": POETRY_LOCK},
            "pyproject.toml and poetry.lock",
            "(idna)",
            "poetry export",
        ),
        ({"poetry.lock": POETRY_LOCK}, "poetry.lock", "(idna)", "poetry export"),
        ({"pyproject.toml": DECLARING + "[tool.pdm]\n"}, "pyproject.toml", "idna", "pdm export -o requirements.txt"),
        ({"pyproject.toml": '[tool.pdm.dependencies]\nidna = "*"\n'}, "pyproject.toml", "idna", "pdm export"),
        ({"pdm.lock": PDM_LOCK}, "pdm.lock", "(idna)", "pdm export -o requirements.txt"),
        ({"Pipfile": PIPFILE}, "Pipfile", "(idna, six)", "pipenv requirements > requirements.txt"),
        ({"Pipfile": PIPFILE, "pyproject.toml": TOOLS_ONLY}, "Pipfile", "(idna, six)", "pipenv requirements"),
        ({"Pipfile.lock": PIPFILE_LOCK}, "Pipfile.lock", "(idna)", "pipenv requirements > requirements.txt"),
        ({"pylock.toml": PYLOCK}, "pylock.toml", "(httpx)", "requirements.txt"),
        ({"pylock.toml": PYLOCK, "pyproject.toml": PROJECT}, "pylock.toml", "(httpx)", "requirements.txt"),
        ({"pylock.prod.toml": PYLOCK}, "pylock.prod.toml", "(httpx)", "requirements.txt"),
        ({"pyproject.toml": PROJECT + 'dynamic = ["dependencies"]\n'}, "pyproject.toml", "dynamic", "uv pip compile"),
        (
            {"pyproject.toml": PROJECT + 'dynamic = ["dependencies"]\n', "uv.lock": UV_LOCK},
            "pyproject.toml and uv.lock",
            "fastapi",
            UV_EXPORT,
        ),
        (
            {"pyproject.toml": SETUPTOOLS % "needs.txt", "needs.txt": "idna\n"},
            "pyproject.toml",
            "(idna)",
            "uv pip compile",
        ),
    ],
)
def test_without_requirements_txt(tmp_path: Path, files: dict[str, str], where: str, named: str, way: str) -> None:
    error = refused(tmp_path, files)
    assert error.where == where
    assert named in error.message
    assert "there is no requirements.txt" in error.message
    assert way in error.fix


@pytest.mark.parametrize(
    ("requirements", "files", "where", "missing"),
    [
        (
            "fast.api\nidna\n",
            {"pyproject.toml": DECLARING},
            "pyproject.toml",
            "(typing-extensions), but",
        ),
        ("", {"pyproject.toml": DECLARING}, "pyproject.toml", "(idna, typing-extensions)"),
        ("# idna\n", {"uv.lock": UV_LOCK}, "uv.lock", "(fastapi)"),
        ("six\n", {"poetry.lock": POETRY_LOCK}, "poetry.lock", "(idna)"),
        ("six\n", {"pdm.lock": PDM_LOCK}, "pdm.lock", "(idna)"),
        ("six\n", {"Pipfile": PIPFILE}, "Pipfile", "(idna)"),
        ("six\n", {"Pipfile.lock": PIPFILE_LOCK}, "Pipfile.lock", "(idna)"),
        ("six\n", {"pylock.toml": PYLOCK}, "pylock.toml", "(httpx)"),
        ("-c more.txt\nsix\n", {"Pipfile": PIPFILE, "more.txt": "idna==3.10\n"}, "Pipfile", "(idna)"),
        ("six\n", {"pyproject.toml": SETUPTOOLS % "needs.txt", "needs.txt": "idna\n"}, "pyproject.toml", "(idna)"),
        ("./lib\n", {"Pipfile": PIPFILE, "lib/pyproject.toml": PROJECT}, "Pipfile", "(idna)"),
    ],
)
def test_beside_a_requirements_txt_that_lacks_some(
    tmp_path: Path, requirements: str, files: dict[str, str], where: str, missing: str
) -> None:
    error = refused(tmp_path, {"requirements.txt": requirements, **files})
    assert error.where == where
    assert missing in error.message
    assert "requirements.txt does not name" in error.message


@pytest.mark.parametrize(
    ("requirements", "files"),
    [
        ("fast_api\nIDNA==3.10 \\\n    --hash=sha256:00\nTyping_Extensions>=4 # why\n", {"pyproject.toml": DECLARING}),
        (
            "-r more/a.txt\n",
            {
                "pyproject.toml": DECLARING,
                "more/a.txt": "--requirement=b.txt\nidna\n",
                "more/b.txt": "typing-extensions\n",
            },
        ),
        ("-e .\n", {"pyproject.toml": DECLARING}),
        (".[fast]\n", {"pyproject.toml": DECLARING}),
        ("file:.\n", {"pyproject.toml": PROJECT + 'dynamic = ["dependencies"]\n'}),
        ("app @ https://host.example/app-1-py3-none-any.whl\n", {"pyproject.toml": DECLARING}),
        ("idna @ git+https://host.example/idna.git\n", {"Pipfile": PIPFILE}),
        ("git+https://host.example/idna.git@v3\n", {"Pipfile": PIPFILE}),
        ("-e git+https://host.example/x.git#egg=IDNA\n", {"Pipfile": PIPFILE}),
        ("./wheels/idna-3.10-py3-none-any.whl\n", {"Pipfile": PIPFILE}),
        ("https://host.example/idna-3.10.tar.gz\n", {"Pipfile": PIPFILE}),
        ("./lib\n", {"Pipfile": PIPFILE, "lib/pyproject.toml": PROJECT + 'dependencies = ["idna"]\n'}),
        ("idna; python_version > '3'\n", {"Pipfile": PIPFILE}),
        ("fastapi\n", {"uv.lock": UV_LOCK}),
        ("httpx\n", {"pylock.toml": PYLOCK}),
        ("six\n", {"pylock.dev.toml": PYLOCK}),
        ("six\n", {"pyproject.toml": TOOLS_ONLY}),
        ("idna\n", {"pyproject.toml": SETUPTOOLS % "requirements.txt"}),
        ("idna\n", {"pyproject.toml": PROJECT + 'dynamic = ["dependencies"]\n'}),
        ("idna\n", {"Pipfile": PIPFILE, "Pipfile.lock": json.dumps({"default": {"idna": {}, "brought": {}}})}),
    ],
)  # fmt: skip
def test_a_requirements_txt_that_names_all_is_enough(tmp_path: Path, requirements: str, files: dict[str, str]) -> None:
    (bundle,) = planned(tmp_path, {"requirements.txt": requirements, **files}).bundles
    assert bundle.job.manager == "pip"


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": TOOLS_ONLY},
        {"pyproject.toml": PROJECT},
        {"pyproject.toml": PROJECT + 'dependencies = []\n[project.optional-dependencies]\nx = ["idna"]\n'},
        {"pyproject.toml": PROJECT + '[dependency-groups]\ndev = ["pytest"]\n[tool.uv]\ndev-dependencies = ["six"]\n'},
        {"pyproject.toml": POETRY},
        {"pyproject.toml": POETRY + 'idna = {version = "*", optional = true}\n'},
        {"pyproject.toml": POETRY + '[tool.poetry.group.dev.dependencies]\npytest = "*"\n', "poetry.lock": POETRY_LOCK},
        {"pyproject.toml": PROJECT + 'dynamic = ["version"]\n'},
        {"pyproject.toml": SETUPTOOLS % "needs.txt", "needs.txt": "# none\n"},
        {"pyproject.toml": PROJECT, "uv.lock": EMPTY_UV_LOCK},
        {"uv.lock": EMPTY_UV_LOCK},
        {"uv.lock": "version = 1\n"},
        {"poetry.lock": "package = []\n"},
        {"pdm.lock": "[metadata]\n"},
        {"Pipfile": '[packages]\n[dev-packages]\npytest = "*"\n'},
        {"Pipfile.lock": '{"default": {}, "develop": {"pytest": {}}}'},
        {"pylock.toml": "packages = []\n"},
        {"pylock.toml": "[[packages]]\nname = 'six'\nmarker = \"'dev' in dependency_groups\"\n"},
        {"pylock.dev.toml": PYLOCK, "pyproject.toml": PROJECT},
        {"docs/pyproject.toml": DECLARING, "docs/Pipfile": PIPFILE},
        {"pyproject.toml": 'project = 3\n[tool]\npoetry = "x"\n', "uv.lock": "package = 1\n"},
        {"uv.lock": EMPTY_UV_LOCK + "dependencies = [3, 'x']\n"},
        {"Pipfile": "packages = []\n"},
    ],
)  # fmt: skip
def test_what_declares_nothing_is_no_obstacle(tmp_path: Path, files: dict[str, str]) -> None:
    (bundle,) = planned(tmp_path, files).bundles
    assert bundle.job.manager is None


@pytest.mark.parametrize("runtime", ["nodejs22.x", "provided.al2023"])
def test_functions_in_other_languages_are_not_concerned(tmp_path: Path, runtime: str) -> None:
    files = {"pyproject.toml": DECLARING, "Pipfile": PIPFILE, "app.js": "exports.handler = 1", "bootstrap": "#!/bin/sh"}
    assert planned(tmp_path, files, runtime).bundles


def test_a_node_project_with_python_tools_is_not_concerned(tmp_path: Path) -> None:
    package = {"name": "app", "version": "1.0.0"}
    write_tree(
        tmp_path,
        {
            "package.json": package_json(),
            "package-lock.json": lock_json(package, {}),
            "index.js": "exports.handler = 1",
            "pyproject.toml": DECLARING,
            "scripts/pyproject.toml": DECLARING,
        },
    )
    (bundle,) = plan_for(load_project(tmp_path), NO_DOCKER).bundles
    assert bundle.target.language == "nodejs"


def test_a_list_from_outside_is_left_to_pip(tmp_path: Path) -> None:
    """It cannot be read here, so nothing can be said about what it names; pip's own error follows."""
    write_tree(tmp_path, {"shared.txt": "idna\n"})
    assert planned(tmp_path / "p", {"requirements.txt": "-r ../shared.txt\n", "Pipfile": PIPFILE}).bundles


def test_broken_toml_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, {"pyproject.toml": "[project\n"})
    assert error.where == "pyproject.toml"
    assert error.message.startswith("is not TOML: ")


@pytest.mark.parametrize("file", ["Pipfile", "uv.lock", "pylock.toml", "pylock.prod.toml"])
def test_a_folder_with_nothing_but_such_a_file_is_a_python_project(tmp_path: Path, file: str) -> None:
    text = {"Pipfile": PIPFILE, "uv.lock": UV_LOCK}.get(file, PYLOCK)
    write_tree(tmp_path, {"app.py": "def handler(event, context): ...\n", file: text})
    with pytest.raises(ConfigError) as caught:
        plan_for(load_project(tmp_path), NO_DOCKER)
    assert caught.value.where == file


def test_a_host_without_python_names_the_file_that_speaks_of_it(tmp_path: Path) -> None:
    write_tree(tmp_path, {"now.json": '{"version": 2}', "Pipfile": PIPFILE, "api/index.py": ""})
    with pytest.raises(ConfigError) as caught:
        plan_for(load_project(tmp_path), NO_DOCKER)
    assert "this is a python project (Pipfile)" in caught.value.message
    assert "use one of the targets for python: aws-lambda" in caught.value.fix


def test_init_still_writes_a_configuration(tmp_path: Path) -> None:
    write_tree(tmp_path, {**HANDLER, "pyproject.toml": DECLARING})
    assert "runtime: python" in config_text(tmp_path)
