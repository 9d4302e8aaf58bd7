"""A commented packager.yaml for a folder, from what is detected in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.catalog.current import load_catalog
from packager.languages.registry import DEFAULT_LANGUAGE
from packager.project.entries import detect_handler
from packager.project.files import language_of
from packager.project.names import bundle_name
from packager.project.survey import survey

if TYPE_CHECKING:
    from pathlib import Path


def config_text(root: Path) -> str:
    """Return the text of a packager.yaml. Raises ConfigError for a broken package.json or lock file."""
    catalog = load_catalog()
    language = language_of(root) or DEFAULT_LANGUAGE
    facts = survey(root, catalog, language)
    runtime = catalog.host("aws-lambda").default_runtimes[language]
    name = bundle_name(root)
    layer = "prisma" if name != "prisma" else "prisma-client"
    handler = detect_handler(root, language) or "src/handler.handler"
    generator = next((engine for engine in facts.engines if engine.generate), None)
    lines = [
        "# What packager builds here. `packager plan` shows what it makes of it; all keys: README.md.",
        "version: 1",
        "",
    ]
    if generator:
        lines += [
            f"# {generator.title} was detected, this is its generator. Without the section the detected one is taken.",
            "generate:",
            f"  command: {generator.generate}",
            "",
        ]
    lines += ["bundles:"]
    if generator and "@prisma/client" in generator.packages:
        lines += [
            "  # One layer with the client and its engine, shared by all functions.",
            f"  {layer}:",
            "    target: aws-lambda-layer",
            "    recipe: prisma-client",
            f"    runtime: {runtime}",
            "    arch: x86_64",
        ]
    lines += [
        f"  {_text(name)}:",
        "    target: aws-lambda",
        f"    runtime: {runtime}          # see `packager targets`",
        "    arch: x86_64                 # or arm64, or [x86_64, arm64]",
        f"    handler: {_text(handler)}",
        "    # Ordered patterns for your own files, last match wins; node_modules is trimmed by itself.",
        '    # include: ["src/**", "!**/*.test.js"]',
    ]
    if generator and "@prisma/client" in generator.packages:
        lines += [f"    layers: [{layer}]             # what the layer carries is left out of the function"]
    lines += ["    # budget: 25mb               # your own limit for the zip", ""]
    return "\n".join(lines)


def _text(value: str) -> str:
    """Return a text as YAML reads it back: quoted if it would pass for a number, a truth or nothing."""
    import yaml

    return value if yaml.safe_load(value) == value else f'"{value}"'
