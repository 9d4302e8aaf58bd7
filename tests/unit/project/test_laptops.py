"""Projects as checkouts on macOS and Windows leave them: line ends, byte order marks, names, separators, drives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from packager.archive.pack import pack
from packager.catalog.current import load_catalog
from packager.core.errors import ConfigError
from packager.hosts.netlify import config as netlify
from packager.model.configs import Order
from packager.package_managers.choose import check_lock
from packager.project.loading import load_project
from packager.project.survey import survey
from tests.support.mounts import findings
from tests.support.trees import lock_json, package_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIGURATION = """\
# A comment.
version: 1
generate:
  command: |
    npx prisma generate
    node scripts/after.js
bundles:
  api:
    target: aws-lambda
    handler: src/handler.handler
    include: ["src/**", "!**/*.test.js"]
    environment:
      TEXT: >-
        two
        lines
"""
PNPM = """\
lockfileVersion: '9.0'

importers:
  .:
    dependencies:
      a:
        specifier: 1.0.0
        version: 1.0.0

packages:
  a@1.0.0:
    resolution: {integrity: sha512-AAAA}

snapshots:
  a@1.0.0: {}
"""
YARN = """\
# yarn lockfile v1


a@1.0.0:
  version "1.0.0"
  resolved "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#0000000000000000000000000000000000000000"
  integrity sha512-AAAA
"""
OWN = {"name": "app", "version": "1.0.0", "dependencies": {"a": "1.0.0"}}
HANDLER = "exports.handler = async () => 1\n"
PROJECTS: dict[str, dict[str, str]] = {
    "npm": {"package-lock.json": json.dumps(json.loads(lock_json(OWN, {"a": "1.0.0"})), indent=2)},
    "pnpm": {"pnpm-lock.yaml": PNPM},
    "yarn": {"yarn.lock": YARN},
}
HOSTS: dict[str, dict[str, str]] = {
    "now.json": {"now.json": '{\n "version": 2,\n "builds": [{"src": "index.js", "use": "@now/node"}]\n}\n'},
    "vercel.json": {"vercel.json": '{\n "functions": {"api/x.js": {"memory": 128}}\n}\n', "api/x.js": HANDLER},
    "netlify.toml": {"netlify.toml": '[build]\nfunctions = "fns"\n', "fns/x.js": HANDLER},
    "up.json": {"up.json": '{\n "name": "site"\n}\n', "app.js": HANDLER},
    "serverless.yml": {
        "serverless.yml": "service: app\nprovider:\n  name: aws\n  runtime: nodejs22.x\n"
        "functions:\n  api:\n    handler: index.handler\n",
    },
    "template.yaml": {
        "template.yaml": "Transform: AWS::Serverless-2016-10-31\nResources:\n  Api:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties:\n      Runtime: nodejs22.x\n      Handler: index.handler\n      CodeUri: .\n",
    },
}
CHANGES: dict[str, Callable[[str], str]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "byte order mark": lambda text: "\ufeff" + text,
    "both": lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    "no last line end": lambda text: text.rstrip("\n"),
}
every_change = pytest.mark.parametrize("change", list(CHANGES))


def folder(place: Path, files: dict[str, str], change: str = "") -> Path:
    changed = {name: CHANGES[change](text) if change else text for name, text in files.items()}
    return write_tree(place / "app", {name: text.encode() for name, text in changed.items()})


@every_change
def test_packager_yaml_says_the_same(tmp_path: Path, change: str) -> None:
    plain = load_project(folder(tmp_path / "1", {"packager.yaml": CONFIGURATION}))
    other = load_project(folder(tmp_path / "2", {"packager.yaml": CONFIGURATION}, change))
    assert (other.bundles, other.generate) == (plain.bundles, plain.generate)
    assert plain.bundles[0].environment == {"TEXT": "two lines"}


@pytest.mark.parametrize("change", ["CRLF", "byte order mark", "both"])
def test_emitting_into_netlify_toml_keeps_line_ends_and_mark(tmp_path: Path, change: str) -> None:
    text = CHANGES[change]('[build]\npublish = "site"\n')
    order = Order((), lambda _: text)
    written = netlify.write(order)["netlify.toml"]
    assert written.startswith(text)
    assert netlify.write(Order((), lambda _: written)) == {"netlify.toml": written}


@every_change
@pytest.mark.parametrize("manager", list(PROJECTS))
def test_a_lock_file_says_the_same(tmp_path: Path, change: str, manager: str) -> None:
    files = {"package.json": package_json(**OWN), "index.js": HANDLER, **PROJECTS[manager]}  # type: ignore[arg-type]
    plain, other = folder(tmp_path / "1", files), folder(tmp_path / "2", files, change)
    assert check_lock(plain).manager == manager
    assert check_lock(other) == check_lock(plain)
    catalog = load_catalog()
    assert survey(other, catalog).packages == survey(plain, catalog).packages == {"a": "1.0.0"}


@every_change
def test_requirements_say_the_same(tmp_path: Path, change: str) -> None:
    files = {"requirements.txt": "# comment\npydantic==2.11.7 \\\n    --hash=sha256:00\nboto3==1.40.0\n", "app.py": ""}
    plain, other = folder(tmp_path / "1", files), folder(tmp_path / "2", files, change)
    assert check_lock(other, "python") == check_lock(plain, "python")
    assert dict(check_lock(plain, "python").packages) == {"pydantic": "2.11.7", "boto3": "1.40.0"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_requirements_are_read_as_pip_reads_them(tmp_path: Path, encoding: str) -> None:
    """PowerShell's ``pip freeze > requirements.txt`` writes UTF-16 with a byte order mark."""
    mark = "\ufeff" if encoding.endswith("e") else ""
    text = (mark + "boto3==1.40.0\r\npydantic==2.11.7\r\n").encode(encoding)
    root = write_tree(tmp_path, {"requirements.txt": text, "app.py": ""})
    assert dict(check_lock(root, "python").packages) == {"boto3": "1.40.0", "pydantic": "2.11.7"}


@every_change
@pytest.mark.parametrize("file", list(HOSTS))
def test_a_host_s_configuration_says_the_same(tmp_path: Path, change: str, file: str) -> None:
    files = {"package.json": package_json(), "index.js": HANDLER, **HOSTS[file]}
    plain, other = load_project(folder(tmp_path / "1", files)), load_project(folder(tmp_path / "2", files, change))
    assert plain.bundles
    assert other.bundles == plain.bundles


# ---- names that collide ----

TWINS = [
    ("Index.js", "index.js"),
    ("Straße.js", "STRASSE.js"),
    ("caf\u00e9.js", "cafe\u0301.js"),
    ("\u00c9.js", "e\u0301.js"),
]


@pytest.mark.parametrize("twins", TWINS)
def test_names_that_are_one_elsewhere_are_told_and_both_packed(tmp_path: Path, twins: tuple[str, str]) -> None:
    """Linux keeps both, so the archive has both; who unpacks it on a laptop loses one, and is warned."""
    first, second = (f"lib/{name}" for name in twins)
    (found,) = [each for each in findings({first: b"1", second: b"2"}) if each.code == "ZIP001"]
    assert found.severity == "warning"
    assert {first, second} == {
        found.subject.rpartition("!")[2],
        found.message.split(" only ")[0].removeprefix("differs from "),
    }
    made = pack(write_tree(tmp_path / "in", {first: b"1", second: b"2"}), tmp_path / "out.zip")
    assert {member.path for member in made.members} == {first, second}


@pytest.mark.parametrize("names", [("a/b.js", "ab.js"), ("e.js", "\u00e9.js"), ("a.js", "a.mjs")])
def test_names_that_differ_everywhere_are_no_finding(names: tuple[str, str]) -> None:
    assert [each for each in findings(dict.fromkeys(names, b"1")) if each.code == "ZIP001"] == []


# ---- separators and drives ----


def refused(tmp_path: Path, **keys: object) -> ConfigError:
    spec = {"target": "aws-lambda", "handler": "src/handler.handler", **keys}
    root = write_tree(tmp_path / "app", {"packager.yaml": json.dumps({"bundles": {"api": spec}})})
    with pytest.raises(ConfigError) as caught:
        load_project(root)
    return caught.value


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("handler", "src\\handler.handler", "src/handler.handler"),
        ("include", "src\\lib\\x.js", "src/lib/x.js"),
        ("include", "!src\\*.test.js", "!src/*.test.js"),
        ("include", "node_modules\\@scope\\x\\**", "node_modules/@scope/x/**"),
        ("include", ".\\src", "./src"),
        ("src", "api\\x.js", "api/x.js"),
    ],
)  # fmt: skip
def test_a_backslash_between_folders_is_refused_with_the_right_path(
    tmp_path: Path, key: str, value: str, right: str
) -> None:
    error = refused(tmp_path, **{key: value if key == "handler" else [value]})
    assert error.where == f"packager.yaml: bundles.api.{key}"
    assert "backslash" in error.message
    assert f"write {right!r}" in error.fix


@pytest.mark.parametrize("value", ["C:\\app\\src\\x.js", "c:/app/src/x.js", "!D:/x/**"])
@pytest.mark.parametrize("key", ["handler", "include", "src"])
def test_a_drive_is_refused(tmp_path: Path, key: str, value: str) -> None:
    error = refused(tmp_path, **{key: value if key == "handler" else ["ok.js", value]})
    assert error.where == f"packager.yaml: bundles.api.{key}" + ("" if key == "handler" else "[1]")
    assert "begins with a drive" in error.message


def test_an_accepted_path_is_looked_at_too(tmp_path: Path) -> None:
    error = refused(tmp_path, silence=[{"code": "LIB002", "path": "lib\\x.so", "reason": "checked"}])
    assert "write 'lib/x.so'" in error.fix


@pytest.mark.parametrize(
    "pattern", ["pages/\\[id\\].js", "src/\\(group\\)/x.js", "\\!x", "a:b/c.js", "src/[*].js", "src/C:x"]
)
def test_a_pattern_s_own_backslash_and_a_colon_are_none_of_it(tmp_path: Path, pattern: str) -> None:
    spec = {"target": "aws-lambda", "handler": "h.handler", "include": [pattern]}
    root = write_tree(tmp_path / "app", {"packager.yaml": json.dumps({"bundles": {"api": spec}})})
    assert load_project(root).bundles[0].include == (pattern,)


def test_a_host_s_configuration_is_looked_at_too(tmp_path: Path) -> None:
    text = HOSTS["serverless.yml"]["serverless.yml"].replace("index.handler", "src\\index.handler")
    root = write_tree(tmp_path / "app", {"package.json": package_json(), "serverless.yml": text})
    with pytest.raises(ConfigError, match="backslash") as caught:
        load_project(root)
    assert "serverless.yml" in caught.value.where
    assert "src/index.handler" in caught.value.fix
