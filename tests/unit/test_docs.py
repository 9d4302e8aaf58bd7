"""The site's pages that are made from the program say all of it; a built page that asks another host is found."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from packager.catalog.finding_codes.registry import CODES
from packager.cli.group import COMMANDS, cli
from packager.project.config import BUNDLE_KEYS, GENERATE_KEYS, PROJECT_KEYS, SILENCE_KEYS, parse_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

pytestmark = pytest.mark.checkout
DOCS = Path(__file__).parents[2] / "docs"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / "_ext" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference() -> Any:
    return load("reference")


@pytest.fixture(scope="module")
def check() -> Any:
    return load("check_pages")


def every(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Parameter]]:
    for parameter in command.params:
        yield context.command_path, parameter
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from every(below, click.Context(below, info_name=name, parent=context))


def test_the_page_of_commands_has_each_command_and_option(reference: Any) -> None:
    text = reference.commands()
    parameters = list(every(cli, click.Context(cli, info_name="packager")))
    assert len(parameters) > 100
    for path, parameter in parameters:
        if path != "packager" and isinstance(parameter, click.Option) and not parameter.hidden:
            section = text.split(f"# {path}\n")[1].split("\n## ")[0]
            for option in (*parameter.opts, *parameter.secondary_opts):
                assert option in section, f"{path} {option}"
    for name in COMMANDS:
        assert f"\n## packager {name}\n" in text


def test_the_page_of_the_configuration_explains_each_key(reference: Any) -> None:
    text = reference.keys()
    for key in (*PROJECT_KEYS, *BUNDLE_KEYS, *GENERATE_KEYS, *SILENCE_KEYS):
        (kind, _, meaning) = re.search(rf"\n\| `{key}` \| ([^|]+) \| ([^|]+) \| ([^\n]+) \|", text).groups()  # type: ignore[union-attr]
        assert kind.strip()
        assert len(meaning) > 10


def test_a_key_without_an_explanation_fails_the_build(reference: Any) -> None:
    with pytest.raises(ValueError, match="no docstring to explain the key 'name'"):
        list(reference.key_rows(reference.models.BundleSpec, ("name",)))


def test_the_page_of_findings_has_each_code_once(reference: Any) -> None:
    found = re.findall(r"(?m)^### ([A-Z]{3,4}[0-9]{3}) ", reference.findings())
    assert found == list(CODES)


@pytest.mark.parametrize("text", ["a|b", "<script>", "*.js", "a_b_c", "[x](y)", "# no heading"])
def test_texts_are_shown_as_they_are(reference: Any, text: str) -> None:
    shown = reference.text_of(text)
    assert re.sub(r"\\(.)", r"\1", shown) == text
    assert not re.search(r"(?<!\\)[|<*_\[#]", shown)


def configurations() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(DOCS)), block)
        for path in sorted(DOCS.rglob("*.md"))
        for block in re.findall(r"```yaml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
        if "bundles:" in block
    ]


@pytest.mark.parametrize(("page", "text"), configurations())
def test_each_configuration_of_a_guide_is_one(page: str, text: str, tmp_path: Path) -> None:
    for name, content in {"events/post.json": "{}", ".env.proof": "A=1\n"}.items():  # files that guides speak of
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert parse_project(yaml.safe_load(text), tmp_path).bundles, page


@pytest.mark.parametrize(
    ("guide", "sample"),
    [(name, "zeit-now" if name == "now" else name)
     for name in ("aws-lambda", "vercel", "netlify", "now", "google-cloud-functions", "up")],
)  # fmt: skip
def test_a_guide_shows_its_sample_s_configuration(guide: str, sample: str) -> None:
    text = (DOCS / "hosts" / f"{guide}.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    real = (DOCS.parent / "samples" / sample / "packager.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(shown) == yaml.safe_load(real)


def test_commands_of_the_guides_exist() -> None:
    """Each ``packager …`` in a console block names a command and options that it has."""
    known: dict[str, set[str]] = {}
    for path, parameter in every(cli, click.Context(cli, info_name="packager")):
        known.setdefault(path, {"--help", "--version"}).update((*parameter.opts, *parameter.secondary_opts))
    seen = 0
    for page in sorted(DOCS.rglob("*.md")):
        for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in re.findall(r"(?m)^packager (.*?)(?: #.*)?$", block):
                words = line.split()
                path = next(
                    (f"packager {' '.join(words[:n])}" for n in (2, 1) if f"packager {' '.join(words[:n])}" in known),
                    "",
                )
                assert path, f"{page.name}: packager {line}"
                for word in words:
                    if word.startswith("-"):
                        assert word.partition("=")[0] in known[path], f"{page.name}: packager {line}"
                seen += 1
    assert seen > 20


@pytest.mark.parametrize(
    "text",
    [
        '<link rel="stylesheet" href="https://fonts.example.com/css2?family=Inter">',
        '<link rel="preconnect" href="//fonts.example.com">',
        '<script src="https://cdn.example.com/x.js"></script>',
        '<img alt="" src="http://badge.example.com/x.svg">',
        '<img alt="" srcset="a.png 1x, https://example.com/b.png 2x">',
        '<iframe src="https://example.com"></iframe>',
        "<style>@import 'https://example.com/x.css';</style>",
        '<p style="background: url(https://example.com/x.png)"></p>',
        '<script>fetch("https://example.com/count")</script>',
        '<meta http-equiv="refresh" content="0; url=https://example.com">',
    ],
)
def test_a_page_that_asks_another_host_is_found(check: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "index.html").write_text(f"<!doctype html><html><body>{text}</body></html>")
    assert len(list(check.requests(tmp_path))) == 1
    assert check.main(tmp_path) == 1


def test_a_page_may_link_to_other_hosts_and_fetch_its_own_files(check: Any, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<!doctype html><link rel="stylesheet" href="_static/x.css"><link rel="canonical" href="https://example.com/">'
        '<script src="_static/x.js"></script><a href="https://example.com">example</a>'
        '<img src="data:image/png;base64,//8=">'
    )
    (tmp_path / "x.css").write_text("/* https://example.com */ a { background: url('data:image/svg+xml,%3Csvg') }")
    (tmp_path / "x.js").write_text("// see https://example.com\nfetch('searchindex.js')")
    assert list(check.requests(tmp_path)) == []
    assert check.main(tmp_path) == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.css", "@font-face { src: url('https://fonts.example.com/x.woff2') }"),
        ("x.js", 'var s = document.createElement("script"); s.src = "//cdn.example.com/x.js";'),
    ],
)
def test_styles_and_scripts_are_read_too(check: Any, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert len(list(check.requests(tmp_path))) == 1


def test_a_site_without_pages_is_no_success(check: Any, tmp_path: Path) -> None:
    assert check.main(tmp_path) == 1
