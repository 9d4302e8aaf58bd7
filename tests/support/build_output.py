"""Vercel's Build Output API, version 3: a folder against the schemas beside this file and what a schema cannot say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMAS = Path(__file__).parent / "schemas"
CONFIG, FUNCTION = "config.json", ".vc-config.json"
_SCHEMA_OF = {CONFIG: "build-output-config.json", FUNCTION: "build-output-function.json"}


def functions_of(output: Path) -> set[str]:
    """Return the functions' folders, relative to the output folder: ``functions/api/thumbnail.func``."""
    return {path.parent.relative_to(output).as_posix() for path in output.rglob(FUNCTION)}


def check_document(name: str, document: object) -> None:
    """Raise jsonschema's ValidationError unless a file of this name may hold this document."""
    schema: dict[str, Any] = json.loads((SCHEMAS / _SCHEMA_OF[name]).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)


def check_texts(texts: Mapping[str, str]) -> None:
    """Raise ValidationError unless every file of the API among these texts (path → text) is valid."""
    for path, text in texts.items():
        if (name := path.rpartition("/")[2]) in _SCHEMA_OF:
            check_document(name, json.loads(text))


def check_build_output(output: Path) -> None:
    """Raise unless the folder is a complete output: valid documents, handlers and routes whose files are there."""
    check_document(CONFIG, json.loads((output / CONFIG).read_text()))
    functions = functions_of(output)
    assert functions, "no function"
    for folder in functions:
        assert folder.startswith("functions/"), folder
        assert folder.endswith(".func"), folder
        document = json.loads((output / folder / FUNCTION).read_text())
        check_document(FUNCTION, document)
        mapped = document.get("filePathMap", {})
        assert (output / folder / document["handler"]).is_file() or document["handler"] in mapped, folder
    paths = {folder.removeprefix("functions").removesuffix(".func") for folder in functions}
    for route in json.loads((output / CONFIG).read_text()).get("routes", []):
        # Patterns and other hosts cannot be followed here, and an error's page need not be there.
        dest = str(route.get("dest", ""))
        if dest.startswith("/") and "$" not in dest and "status" not in route:
            target = dest.partition("?")[0]
            assert target in paths or (output / "static" / target[1:]).exists(), dest
