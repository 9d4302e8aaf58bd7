"""The promises every emitted configuration keeps: twice is once, the user's own stays, contradictions are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ConfigError
from packager.hosts.registry import CONFIG_FORMATS
from tests.support.projects import NODE_HANDLER, NODE_MODULE, emitted, node_project
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

LAMBDA = """\
bundles:
  engine: {target: aws-lambda-layer, recipe: prisma-client, runtime: nodejs22.x}
  api: {target: aws-lambda, runtime: nodejs22.x, handler: fn.handler, layers: [engine], environment: {TOKEN: x}}
"""
JSON_KEY = ("{\n", '{\n  "x-ours": {"why": "because"},\n')


@dataclass(frozen=True)
class Case:
    """What one name emits, and what a user may do to it."""

    bundles: str
    """packager.yaml."""
    additions: dict[str, tuple[str, str]]
    """File → (text, what a user makes of it): comments and keys that concern nobody else."""
    contradiction: tuple[str, str, str] | None
    """(file, text, what cannot be so); None where whatever the user says is kept."""
    dependencies: dict[str, str] = field(default_factory=dict)


CASES = {
    "now": Case("bundles: {web: {target: now, src: index.js}}\n", {"now.json": JSON_KEY}, None),
    "vercel": Case(
        "bundles: {web: {target: vercel, src: index.js}}\n",
        {
            ".vercel/output/config.json": ('"routes": [', '"routes": [\n    {"src": "/x", "status": 404},'),
            ".vercel/output/functions/index.func/.vc-config.json": ("{\n", '{\n  "memory": 1024,\n'),
        },
        (".vercel/output/functions/index.func/.vc-config.json", '"x86_64"', '"arm64"'),
    ),
    "netlify": Case(
        "bundles: {web: {target: netlify, src: fn.js}}\n",
        {"netlify.toml": ("[functions]", '# the site\n[build]\npublish = "www" # page\n\n[functions]')},
        ("netlify.toml", '"dist/netlify/functions"', '"lib"'),
    ),
    "google-cloud-functions": Case(
        "bundles: {web: {target: google-cloud-functions, handler: fn.handler}}\n",
        {"package.json": ("{", '{"x-ours": 1, '), ".gcloudignore": (".git\n", "# ours\n*.md\n.git\n")},
        ("package.json", '"fn.js"', '"other.js"'),
        {"@google-cloud/functions-framework": "1.0.0"},
    ),
    "up": Case(
        "bundles: {web: {target: up, src: index.js}}\n",
        {"up.json": JSON_KEY, ".upignore": ("# packager", "# ours\n*.md\n# packager")},
        ("up.json", '"nodejs22.x"', '"nodejs20.x"'),
    ),
    "serverless": Case(
        LAMBDA,
        {"serverless.yml": ("functions:\n", "# ours\ncustom: {x: 'y'} # quoted\nfunctions:\n")},
        ("serverless.yml", "dist/api.zip", "other.zip"),
        {"@prisma/client": "1.0.0"},
    ),
    "sam": Case(
        LAMBDA,
        {"template.yaml": ("Resources:\n", "Parameters: {Stage: {Type: String}} # ours\nResources:\n")},
        ("template.yaml", "dist/api.zip", "src/"),
        {"@prisma/client": "1.0.0"},
    ),
    "terraform": Case(
        LAMBDA,
        {"packager.tf.json": ("{\n", '{\n  "//": "ours",\n  "locals": {"x": 1},\n')},
        ("packager.tf.json", "/dist/api.zip", "/other.zip"),
        {"@prisma/client": "1.0.0"},
    ),
    # A program is wholly ours or not at all: every edit is a contradiction.
    "cdk": Case(LAMBDA, {}, ("packager-cdk.ts", "memorySize: 512", "memorySize: 1024"), {"@prisma/client": "1.0.0"}),
}  # fmt: skip
NAMES = list(CASES)


def project(root: Path, name: str) -> Path:
    """Write the project of a name."""
    case = CASES[name]
    files = {"index.js": NODE_MODULE, "fn.js": NODE_HANDLER, "packager.yaml": case.bundles}
    return node_project(root, files, dependencies=case.dependencies)


def edit(root: Path, file: str, old: str, new: str) -> str:
    """Change a file as a user would and return its text."""
    text = (root / file).read_text()
    assert old in text, f"{file} has no {old!r}:\n{text}"
    changed = text.replace(old, new, 1)
    write_tree(root, {file: changed})
    return changed


def test_every_name_is_tried() -> None:
    assert set(CASES) == set(CONFIG_FORMATS)


@pytest.mark.parametrize("name", NAMES)
def test_emitting_twice_changes_no_byte(tmp_path: Path, name: str) -> None:
    first = emitted(project(tmp_path, name), name)
    assert emitted(tmp_path, name) == first


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.additions])
def test_comments_and_keys_of_the_users_stay_to_the_byte(tmp_path: Path, name: str) -> None:
    emitted(project(tmp_path, name), name)
    wanted = {file: edit(tmp_path, file, *change) for file, change in CASES[name].additions.items()}
    found = emitted(tmp_path, name)
    assert {file: found[file] for file in wanted} == wanted


@pytest.mark.parametrize("name", ["serverless", "sam", "terraform"])
def test_two_functions_of_one_handler_keep_their_own_artifacts(tmp_path: Path, name: str) -> None:
    project(tmp_path, name)
    emitted(tmp_path, name)
    more = "  more: {target: aws-lambda, runtime: nodejs22.x, handler: fn.handler}\n"
    (tmp_path / "packager.yaml").write_text(LAMBDA + more)
    (text,) = emitted(tmp_path, name).values()
    assert text.count("dist/api.zip") == text.count("dist/more.zip") == 1
    assert emitted(tmp_path, name) == {next(iter(CASES[name].additions)): text}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.contradiction])
def test_an_edit_that_contradicts_is_refused_with_a_diff_and_left_alone(tmp_path: Path, name: str) -> None:
    first = emitted(project(tmp_path, name), name)
    file, ours, theirs = CASES[name].contradiction or ("", "", "")
    text = edit(tmp_path, file, ours, theirs)
    with pytest.raises(ConfigError) as caught:
        emitted(tmp_path, name)
    assert file in caught.value.where
    shown = caught.value.message.splitlines()
    assert [line for line in shown if line.startswith("-") and theirs.strip('"') in line]
    assert [line for line in shown if line.startswith("+") and ours.strip('"') in line]
    assert "--force" in caught.value.fix
    assert (tmp_path / file).read_text() == text
    assert emitted(tmp_path, name, force=True) == first
