"""schema.prisma → the facts packaging needs, without running Prisma. Odd formatting and comments are normal.

Every value keeps its place in the text, so that one setting can be replaced and the rest stays as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENT_GENERATORS = ("prisma-client-js", "prisma-client", "photonjs")
"""Providers whose generator writes a JavaScript client; others (Prisma's ERD, Zod, Python) are left alone."""

_MODULES = {"cjs": "js", "esm": "mjs"}
_COMMENT_OR_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"?|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_BLOCK = re.compile(r"^[ \t\ufeff]*(generator|datasource)\s+(\w+)\s*\{([^}]*)\}", re.MULTILINE)
_SETTING = re.compile(r"^[ \t]*(\w+)[ \t]*=[ \t]*(\[[^\]]*\]|[^\n]*?)[ \t\r]*$", re.MULTILINE)
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_ENV = re.compile(r'env\(\s*"([^"]*)"\s*\)')


@dataclass(frozen=True)
class Setting:
    """One ``key = value`` of a block."""

    text: str
    """The value as written, comments left out: ``["native", "rhel-openssl-3.0.x"]``, ``env("X")``."""
    start: int
    end: int
    """Where the value lies in the schema."""

    @property
    def value(self) -> str:
        """Return a string's content; empty for lists and ``env()``."""
        match = _STRING.fullmatch(self.text)
        return match[1] if match else ""

    @property
    def values(self) -> tuple[str, ...]:
        """Return the strings of a list, or the one string."""
        return () if self.env else tuple(_STRING.findall(self.text))

    @property
    def env(self) -> str:
        """Return the variable of ``env("X")``; empty for anything else."""
        match = _ENV.search(self.text)
        return match[1] if match else ""


@dataclass(frozen=True)
class Block:
    """A generator or datasource."""

    kind: str
    name: str
    settings: Mapping[str, Setting]
    inside: int
    """Where the block's content begins: behind its opening brace."""

    @property
    def provider(self) -> str:
        """Return ``prisma-client-js``, ``postgresql``, …; empty if it is absent or no plain string."""
        return self.settings["provider"].value if "provider" in self.settings else ""

    def text(self, key: str) -> str:
        """Return a string setting; empty if absent."""
        return self.settings[key].value if key in self.settings else ""


@dataclass(frozen=True)
class Schema:
    """The blocks of one schema file that packaging cares about."""

    generators: tuple[Block, ...] = ()
    datasource: Block | None = None
    content: str = field(default="", repr=False)

    @property
    def clients(self) -> tuple[Block, ...]:
        """Return the generators that write a JavaScript client."""
        return tuple(block for block in self.generators if block.provider in CLIENT_GENERATORS)


def parse_schema(text: str) -> Schema:
    """Return the generators and the datasource of a schema text; what is no block is passed over, nothing raises."""
    bare = _COMMENT_OR_STRING.sub(_blank_comment, text)
    # Braces and brackets inside strings must not end anything: they are found in a copy without string contents.
    shape = _COMMENT_OR_STRING.sub(_blank_string, bare)
    blocks = []
    for match in _BLOCK.finditer(shape):
        inside = match.start(3)
        settings = {
            setting[1]: Setting(
                bare[inside + setting.start(2) : inside + setting.end(2)].strip(),
                inside + setting.start(2),
                inside + setting.end(2),
            )
            for setting in _SETTING.finditer(match[3])
        }
        blocks.append(Block(match[1], match[2], settings, inside))
    return Schema(
        generators=tuple(block for block in blocks if block.kind == "generator"),
        datasource=next((block for block in blocks if block.kind == "datasource"), None),
        content=text,
    )


def client_facts(schema: Schema, client: Block) -> dict[str, str]:
    """Return what trimming rules ask of one client: keys whose setting is absent are absent.

    ``provider`` (database), ``generator``, ``output``, ``engine_type``, ``compiler`` (``fast`` or ``small``),
    ``module`` (``js`` or ``mjs``: which of a package's twins the generated code imports), and ``platforms`` where
    Photon's first word for binary targets is used.
    """
    facts = {"generator": client.provider}
    provider = schema.datasource.provider if schema.datasource else ""
    if provider:
        # The new name of "postgres"; both are accepted by every version.
        facts["provider"] = "postgresql" if provider == "postgres" else provider
    for theirs, ours in (("output", "output"), ("engineType", "engine_type"), ("compilerBuild", "compiler")):
        if client.text(theirs):
            facts[ours] = client.text(theirs)
    if client.text("moduleFormat") in _MODULES:
        facts["module"] = _MODULES[client.text("moduleFormat")]
    if "platforms" in client.settings:
        facts["platforms"] = "true"
    return facts


def read_schema(text: str) -> dict[str, str]:
    """Return the facts of a schema's first client, see `client_facts`; {} where there is none.

    >>> read_schema(
    ...     'datasource db {\\n provider = "sqlite" // x\\n}\\ngenerator c {\\n provider = "prisma-client-js"\\n}'
    ... )
    {'generator': 'prisma-client-js', 'provider': 'sqlite'}
    """
    schema = parse_schema(text)
    return client_facts(schema, schema.clients[0]) if schema.clients else {}


def with_setting(schema: Schema, block: Block, key: str, value: str) -> str:
    """Return the schema's text with one setting of a block replaced, or added as its first.

    >>> schema = parse_schema('generator c {\\n  provider = "prisma-client-js"\\n}')
    >>> print(with_setting(schema, schema.generators[0], "binaryTargets", '["native"]'))
    generator c {
      binaryTargets = ["native"]
      provider = "prisma-client-js"
    }
    """
    text = schema.content
    if key in block.settings:
        setting = block.settings[key]
        return text[: setting.start] + value + text[setting.end :]
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{text[: block.inside]}{newline}  {key} = {value}{text[block.inside :]}"


def _blank_comment(match: re.Match[str]) -> str:
    text = match[0]
    return text if text.startswith('"') else re.sub(r"[^\n]", " ", text)


def _blank_string(match: re.Match[str]) -> str:
    text = match[0]
    return f'"{"_" * (len(text) - 2)}"' if text.startswith('"') and text.endswith('"') and len(text) > 1 else text
