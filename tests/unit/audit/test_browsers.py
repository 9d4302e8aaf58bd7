"""A browser that a package expects in the user's home is in no archive: said before the first request says it."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit_archive, audit_joined
from packager.model.stages import AuditInputs
from tests.support.elfs import write_elf
from tests.support.mounts import target
from tests.support.trees import package_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HANDLER = "index.handler"
STARTS: str = "const puppeteer = require('puppeteer');\nexports.handler = () => puppeteer.launch();\n"
BROWSER = write_elf(interpreter="/lib64/ld-linux-x86-64.so.2", needed=["libc.so.6"], pie=True)


def packages(*names: str) -> dict[str, bytes]:
    return {f"node_modules/{name}/package.json": package_json(name).encode() for name in names}


def zipped(path: Path, files: Mapping[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name)
            member.create_system, member.external_attr = 3, 0o100755 << 16
            archive.writestr(member, data)
    return path


def said(
    folder: Path,
    files: Mapping[str, bytes | str],
    *,
    layer: Mapping[str, bytes | str] | None = None,
    handler: str = HANDLER,
    runtime: str = "nodejs22.x",
    environment: tuple[tuple[str, str], ...] = (),
) -> list[tuple[str, str]]:
    layers = [zipped(folder / "layer.zip", layer)] if layer else []
    path = zipped(folder / "a.zip", files)
    found = audit_archive(path, layers, target(runtime), name="a.zip", handler=handler, environment=environment)
    return [(each.severity, each.subject) for each in found if each.code == "PKG005"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("puppeteer", STARTS),
        ("puppeteer", "import puppeteer from 'puppeteer'; export const handler = () => puppeteer.launch();"),
        ("puppeteer", "exports.handler = async () => (await import('puppeteer')).launch();"),
        ("playwright", "const { chromium } = require('playwright'); exports.handler = () => chromium.launch();"),
        ("playwright-firefox", "const { firefox } = require('playwright-firefox'); exports.handler = () => 1;"),
        ("@playwright/test", "const { chromium } = require('@playwright/test'); exports.handler = () => 1;"),
    ],
)
def test_own_code_that_starts_it_is_an_error(tmp_path: Path, name: str, code: str) -> None:
    assert said(tmp_path, {"index.js": code, **packages(name)}) == [("error", "a.zip!index.js")]


def test_so_does_a_file_that_the_handler_asks_for_and_no_other(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "index.js": "exports.handler = require('./lib/page').shoot",
        **packages("puppeteer"),
    }

    assert said(tmp_path, {**files, "lib/page.js": STARTS}) == [("error", "a.zip!lib/page.js")]
    assert said(tmp_path, {**files, "lib/page.js": "", "scripts/shoot.js": STARTS}) == [("warning", "a.zip")]


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = () => require('html-to-pdf').make();",
        "// require('puppeteer')\nexports.handler = () => 1;",
        f"{STARTS}\nconst options = {{ executablePath: process.env.CHROME }};",
        "exports.handler = () => require('puppeteer').connect({ browserWSEndpoint: process.env.BROWSER });",
        "const p = process.env.LOCAL ? require('puppeteer') : require('puppeteer-core'); exports.handler = () => p;",
    ],
)
def test_what_may_have_another_browser_is_a_warning(tmp_path: Path, code: str) -> None:
    ((severity, _),) = said(tmp_path, {"index.js": code, **packages("puppeteer", "html-to-pdf")})
    assert severity == "warning"


@pytest.mark.parametrize("name", ["PUPPETEER_EXECUTABLE_PATH", "PUPPETEER_CACHE_DIR"])
def test_a_variable_that_names_what_cannot_be_seen_here_is_a_warning(tmp_path: Path, name: str) -> None:
    files: dict[str, bytes | str] = {"index.js": STARTS, **packages("puppeteer")}

    assert said(tmp_path, files, environment=((name, "/opt/chrome/chrome"),)) == [("warning", "a.zip!index.js")]


@pytest.mark.parametrize(
    "files",
    [
        packages("puppeteer", "@sparticuz/chromium"),
        packages("puppeteer", "@sparticuz/chromium-min"),
        packages("puppeteer", "chrome-aws-lambda"),
        {**packages("puppeteer"), ".cache/puppeteer/chrome/linux-131/chrome-linux64/chrome": BROWSER},
        {**packages("puppeteer"), "bin/chromium.br": bytes(5 << 20)},
        {**packages("puppeteer"), "chrome-headless-shell-linux64/chrome-headless-shell": BROWSER},
        packages("puppeteer-core"),
        packages("playwright-core"),
        packages("puppeteer-extra"),
    ],
    ids=["sparticuz", "min", "old", "own-cache", "packed", "shell", "core", "playwright-core", "extra"],
)
def test_a_browser_beside_it_or_no_need_of_one_is_no_finding(tmp_path: Path, files: dict[str, bytes]) -> None:
    code = STARTS if "node_modules/puppeteer/package.json" in files else STARTS.replace("puppeteer'", "puppeteer-core'")

    assert said(tmp_path, {"index.js": code, **files}) == []


def test_a_layer_may_bring_the_browser(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"index.js": STARTS, **packages("puppeteer")}

    assert said(tmp_path, files, layer={"chrome/chrome": BROWSER}) == []
    assert said(tmp_path, files, layer={"lib/other": BROWSER}) == [("error", "a.zip!index.js")]
    chosen = (("PUPPETEER_EXECUTABLE_PATH", "/opt/b/browser"),)
    assert said(tmp_path, files, layer={"b/browser": BROWSER}, environment=chosen) == []


def test_a_small_file_of_that_name_is_no_browser(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"index.js": STARTS, "lib/chrome": b"#!/bin/sh\n", **packages("puppeteer")}

    assert said(tmp_path, files) == [("error", "a.zip!index.js")]


def test_python_has_such_packages_too(tmp_path: Path) -> None:
    files = {
        "app.py": "from playwright.sync_api import sync_playwright\ndef handler(event, context):\n    return 1\n",
        "playwright/__init__.py": "",
        "playwright-1.49.0.dist-info/METADATA": "Name: playwright\n",
        "playwright-1.49.0.dist-info/RECORD": "playwright/__init__.py,,\n",
    }

    assert said(tmp_path, files, runtime="python3.12", handler="app.handler") == [("error", "a.zip!app.py")]
    assert said(tmp_path, {**files, "app.py": ""}, runtime="python3.12", handler="app.handler") == [
        ("warning", "a.zip")
    ]


def test_joined_code_starts_it_as_well(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", {"src/handler.js": "joined"})
    sources = [
        "../src/handler.js",
        "../node_modules/puppeteer/lib/index.js",
        "../node_modules/@puppeteer/browsers/a.js",
    ]
    source_map = {"sources": sources, "sourcesContent": [STARTS, "", ""], "mappings": ""}
    maps = {"src/handler.js": json.dumps(source_map).encode()}

    inputs = AuditInputs("", (), target(), target().budget, "a.zip", handler="src/handler.handler")
    found = audit_joined(tmp_path / "a.zip", [], inputs, maps.get)

    assert [each.severity for each in found if each.code == "PKG005"] == ["error"]
