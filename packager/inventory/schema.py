"""schema.prisma → the few facts packaging needs, without running Prisma. Odd formatting and comments are normal."""

from __future__ import annotations

import re

_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*')
_BLOCK = re.compile(r"^\s*(generator|datasource)\s+(\w+)\s*\{(.*?)^\s*\}", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"^\s*(\w+)\s*=\s*(.+?)\s*$", re.MULTILINE)
CLIENT_GENERATORS = ("prisma-client-js", "prisma-client", "photonjs")


def read_schema(text: str) -> dict[str, str]:
    """Return facts of a schema: ``provider`` (database), ``generator`` (the client's), ``output``, ``engine_type``.

    Keys whose setting is absent are absent. The first client generator counts.

    >>> read_schema(
    ...     'datasource db {\\n provider = "sqlite" // x\\n}\\ngenerator c {\\n provider = "prisma-client-js"\\n}'
    ... )
    {'provider': 'sqlite', 'generator': 'prisma-client-js'}
    """
    facts: dict[str, str] = {}
    for kind, _, body in _BLOCK.findall(_COMMENT.sub(lambda match: match[1] or "", text)):
        settings = {key: value.strip('"') for key, value in _SETTING.findall(body)}
        provider = settings.get("provider", "")
        if kind == "datasource" and "provider" not in facts and provider:
            # The new name of "postgres"; both are accepted by every version.
            facts["provider"] = "postgresql" if provider == "postgres" else provider
        elif kind == "generator" and provider in CLIENT_GENERATORS and "generator" not in facts:
            facts["generator"] = provider
            facts.update({ours: settings[theirs] for theirs, ours in _GENERATOR_KEYS if theirs in settings})
    return facts


_GENERATOR_KEYS = (("output", "output"), ("engineType", "engine_type"), ("binaryTargets", "binary_targets"))
