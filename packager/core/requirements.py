"""requirements.txt → the packages it names. Not what they depend on in turn: only installing tells that."""

from __future__ import annotations

import codecs
import re

# Name, extras, then whatever limits the version; Source: packaging.python.org, "Dependency specifiers".
_LINE = re.compile(r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)")
_PINNED = re.compile(r"===?\s*(?P<version>[\w.!+-]+)\s*(?:$|[,;#\s\\])")


_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""Byte order mark → encoding. PowerShell's ``pip freeze > requirements.txt`` writes UTF-16, and pip reads it."""


def decoded(data: bytes) -> str:
    """Return the text of a list of requirements as pip reads it: by its byte order mark, else as UTF-8."""
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    return data.decode(encoding, "replace")


def read_requirements(text: str) -> dict[str, str]:
    """Return normalised name → pinned version, empty where it is not pinned; options and addresses are passed over.

    >>> read_requirements("NumPy==2.1.0  # fast\\npsycopg2_binary>=2.9\\n-r more.txt\\n./own.whl\\n")
    {'numpy': '2.1.0', 'psycopg2-binary': ''}
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is None or match["rest"].startswith(("/", ":", "+")) or match["name"].endswith(".whl"):
            continue
        pinned = _PINNED.match(match["rest"])
        found[normalised(match["name"])] = pinned["version"] if pinned else ""
    return found


def normalised(name: str) -> str:
    """Return a distribution's name as indexes compare it; source: PEP 503.

    >>> normalised("Psycopg2_Binary")
    'psycopg2-binary'
    """
    return re.sub(r"[-_.]+", "-", name).lower()
