"""JSON documents against the schema that comes with packager."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

import packager

SCHEMA: dict[str, Any] = json.loads((Path(packager.__file__).parent / "schemas/documents.json").read_text())


def check(kind: str, document: Any) -> None:
    """Raise jsonschema.ValidationError unless the document is one of its kind: ``build``, ``failure``, …"""
    jsonschema.Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{kind}"}).validate(document)
