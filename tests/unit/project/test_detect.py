"""What a folder without packager.yaml says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ConfigError
from packager.project.detect import detect_project
from packager.project.entries import detect_handler
from packager.project.files import language_of
from packager.project.names import bundle_name
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("files", "language"),
    [
        (["package.json"], "nodejs"),
        (["package.json", "requirements.txt"], "nodejs"),
        (["requirements.txt"], "python"),
        (["pyproject.toml"], "python"),
        (["lambda_function.py"], "python"),
        (["bootstrap"], "provided"),
        (["README.md"], ""),
    ],
)
def test_the_language_follows_from_the_files(tmp_path: Path, files: list[str], language: str) -> None:
    write_tree(tmp_path, dict.fromkeys(files, ""))

    assert language_of(tmp_path) == language


@pytest.mark.parametrize(
    ("path", "text", "handler"),
    [
        ("src/handler.js", "exports.handler = async () => 1", "src/handler.handler"),
        ("handler.js", "'use strict';module.exports.main = f", "handler.main"),
        ("index.mjs", "export const handler = async () => {}", "index.handler"),
        ("index.mjs", "export async function handler() {}", "index.handler"),
        ("app.cjs", "module.exports = {\n  a,\n  handler,\n}", "app.handler"),
        ("src/index.mjs", "const handler = 1\nexport { handler as x, handler }", "src/index.handler"),
    ],
)
def test_node_handlers(tmp_path: Path, path: str, text: str, handler: str) -> None:
    write_tree(tmp_path, {"package.json": package_json(), path: text})

    assert detect_handler(tmp_path, "nodejs") == handler


def test_the_main_of_package_json_is_looked_at_first(tmp_path: Path) -> None:
    text = "exports.handler = 1"
    write_tree(tmp_path, {"package.json": package_json(main="./lib/api.js"), "lib/api.js": text, "index.js": text})

    assert detect_handler(tmp_path, "nodejs") == "lib/api.handler"


@pytest.mark.parametrize(
    ("path", "text", "handler"),
    [
        ("lambda_function.py", "import os\ndef lambda_handler(e, c): ...", "lambda_function.lambda_handler"),
        ("app.py", "handler = Mangum(app)", "app.handler"),
        ("src/handler.py", "async def handler(event, context): ...", "src/handler.handler"),
    ],
)  # fmt: skip
def test_python_handlers(tmp_path: Path, path: str, text: str, handler: str) -> None:
    write_tree(tmp_path, {path: text})

    assert detect_handler(tmp_path, "python") == handler


@pytest.mark.parametrize(
    "text", ["exports.handlers = 1", "// nothing", "const handler = 1", "myexports.handler = 1", "\xff\xfe"]
)
def test_a_file_that_exports_no_handler_is_none(tmp_path: Path, text: str) -> None:
    write_tree(tmp_path, {"package.json": package_json(), "index.js": text.encode("latin-1")})

    assert detect_handler(tmp_path, "nodejs") == ""


def test_a_python_method_is_no_handler(tmp_path: Path) -> None:
    write_tree(tmp_path, {"app.py": "class A:\n    def handler(self): ..."})

    assert detect_handler(tmp_path, "python") == ""


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("api", "api"),
        ("@acme/orders", "acme-orders"),
        ("my app (ö)", "my-app"),
        ("../../etc", "etc"),
        ("..", "app"),
        ("é", "app"),
        ("x" * 90, "x" * 64),
    ],
)
def test_bundles_are_named_like_files(tmp_path: Path, name: str, wanted: str) -> None:
    write_tree(tmp_path, {"package.json": package_json(name)})

    assert bundle_name(tmp_path) == wanted


def test_a_project_is_one_function_and_says_how_it_was_found(tmp_path: Path) -> None:
    write_tree(tmp_path, {"package.json": package_json("@acme/api"), "index.js": "exports.handler = 1"})

    project = detect_project(tmp_path)

    (spec,) = project.bundles
    assert (spec.name, spec.target, spec.handler) == ("acme-api", "aws-lambda", "index.handler")
    assert project.notes == ("no packager.yaml: nodejs project, handler index.handler detected",)


def test_an_empty_folder_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no packager\.yaml, package\.json") as caught:
        detect_project(tmp_path)

    assert caught.value.where == str(tmp_path)
    assert "packager init" in caught.value.fix


def test_a_project_without_handler_is_refused_with_where_it_was_sought(tmp_path: Path) -> None:
    write_tree(tmp_path, {"package.json": package_json()})

    with pytest.raises(ConfigError, match=r"no handler was found .* src/handler"):
        detect_project(tmp_path)


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        ('{\n"name": }', "package.json: line 2", "Expecting value"),
        ("[]", "package.json", "is not a JSON object"),
        (b"\xff\xfe", "package.json", "UTF-8"),
        (b"[" * 100_000, "package.json", "too deeply nested"),
    ],
)
def test_a_broken_package_json_is_named_with_its_line(
    tmp_path: Path, content: str | bytes, where: str, message: str
) -> None:
    write_tree(tmp_path, {"package.json": content})

    with pytest.raises(ConfigError) as caught:
        detect_project(tmp_path)

    assert caught.value.where == where
    assert message in caught.value.message


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    write_tree(tmp_path, {"package.json": b"\xef\xbb\xbf" + package_json("api").encode()})

    assert bundle_name(tmp_path) == "api"
