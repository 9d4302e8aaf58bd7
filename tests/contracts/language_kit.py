"""What a language's tests need beyond its module: a small project, and targets that speak it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from msgspec import structs

from packager.catalog.current import load_catalog
from tests.support.trees import package_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.catalog import Catalog
    from packager.model.targets import Language


@dataclass(frozen=True)
class LanguageCase:
    """One language under test."""

    name: str
    files: Mapping[str, str]
    """A project with one function."""
    handler: str
    starts: str
    """The file of `files` that the handler is in."""
    runtime: str
    version: str
    natives: Mapping[str, bool] = field(default_factory=dict)
    """Path → whether a runtime of that version loads it as native code."""


CASES = (
    LanguageCase(
        "nodejs",
        {"package.json": package_json(), "src/index.js": "exports.handler = async () => 1\n"},
        "src/index.handler",
        "src/index.js",
        "nodejs22.x",
        "22",
        {"node_modules/a/a.node": True, "node_modules/a/electron.node": False, "lib/a.so": False},
    ),
    LanguageCase(
        "python",
        {"requirements.txt": "", "app.py": "def handler(event, context): ...\n"},
        "app.handler",
        "app.py",
        "python3.13",
        "3.13",
        {"a/_a.cpython-313-x86_64-linux-gnu.so": True, "a/_a.cpython-312-x86_64-linux-gnu.so": False, "a.py": False},
    ),
    LanguageCase(
        "provided",
        {"bootstrap": "#!/bin/sh\nexit 1\n"},
        "bootstrap",
        "bootstrap",
        "provided.al2023",
        "",
        {"lib/a.so": False, "a.node": False},
    ),
    LanguageCase(
        "quill",
        {"main.quill": "fn greet\n"},
        "main.greet",
        "main.quill",
        "quill1",
        "1",
        {"a.quillmod": True, "a.so": False},
    ),
)


class Finds:
    """`InterpreterSearch` with one version of everything, or with nothing."""

    def __init__(self, version: str) -> None:
        self.version = version

    def on_path(self, name: str) -> Path | None:
        return Path("/found", name) if self.version else None

    def version_of(self, executable: Path) -> str:
        return self.version

    def node_folder(self, major: str) -> Path:
        return Path("/found")

    def python(self, version: str) -> tuple[Path, str] | None:
        return (Path("/found/python"), f"Python {version}") if self.version else None


def catalog_with(case: LanguageCase) -> Catalog:
    """Return the catalog; with a runtime of AWS Lambda for a language that has none in it."""
    catalog = load_catalog()
    host = catalog.host("aws-lambda")
    if case.name in host.default_runtimes:
        return catalog
    language = cast("Language", case.name)  # a new one adds its name to this type
    like = structs.replace(host.runtimes["provided.al2023"], language=language, version=case.version)
    host = structs.replace(
        host,
        runtimes={**host.runtimes, case.runtime: like},
        default_runtimes={**host.default_runtimes, case.name: case.runtime},
        layer_paths={**host.layer_paths, language: host.layer_paths["provided"]},
    )
    return replace(catalog, hosts={**catalog.hosts, "aws-lambda": host})
