"""The document: valid by CycloneDX's own schema, the same every time, and true to what was read."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from packager.cli import run
from packager.sbom.cyclonedx import cyclonedx_text
from packager.sbom.licences import UNKNOWN, licence_lines, licence_shares, spdx
from packager.sbom.materials import BomEntry, Materials, Native
from tests.support.documents import check
from tests.support.trees import write_tree
from tests.unit.sbom.test_reading import APP, PYTHON, materials

if TYPE_CHECKING:
    from pathlib import Path

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def bill(found: Materials) -> dict[str, Any]:
    text = cyclonedx_text(found)
    assert VALIDATOR.validate_str(text) is None
    document: dict[str, Any] = json.loads(text)
    return document


def made_of(*parts: BomEntry) -> Materials:
    return Materials("api.zip", "ab" * 32, parts)


def component(document: dict[str, Any], name: str, version: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = [each for each in document["components"] if (each["name"], each.get("version")) == (name, version)]
    return found


def test_the_validator_itself_says_no() -> None:
    assert VALIDATOR.validate_str('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": 1}') is not None


@pytest.mark.parametrize("files", [APP, PYTHON, {"a": "b"}], ids=["node", "python", "nothing known"])
def test_valid_and_the_same_every_time(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    first = materials(tmp_path / "one", files)
    second = materials(tmp_path / "another place", files)

    bill(first)
    assert cyclonedx_text(first) == cyclonedx_text(second)
    assert "timestamp" not in cyclonedx_text(first)


def test_other_bytes_have_another_serial_number(tmp_path: Path) -> None:
    one = bill(materials(tmp_path / "one", APP))
    other = bill(materials(tmp_path / "other", {**APP, "index.js": "2"}))

    assert one["serialNumber"] != other["serialNumber"]
    assert one["components"] == other["components"]


def test_packages_with_purl_hash_licence_and_what_they_need() -> None:
    digest = base64.b64encode(bytes(range(64))).decode()
    engine = Native("node_modules/@s/c/c.node", "cd" * 32, 77)
    part = BomEntry(
        "@s/c", "1.0.0", "npm", {"node_modules/@s/c": "ef" * 32}, "MIT", natives=(engine,), needs=("npm:b@2",),
        integrity=f"sha512-{digest} sha512-AAAA sha9-x sha1-!!",
    )  # fmt: skip
    document = bill(made_of(BomEntry("b", "2", "npm", {"node_modules/b": "00" * 32}), part))

    found = component(document, "c", "1.0.0")
    assert (found["group"], found["purl"]) == ("@s", "pkg:npm/%40s/c@1.0.0")
    assert found["hashes"] == [{"alg": "SHA-512", "content": bytes(range(64)).hex()}]
    assert found["licenses"] == [{"license": {"id": "MIT"}}]
    assert [(each["type"], each["hashes"][0]["content"]) for each in found["components"]] == [("file", "cd" * 32)]
    assert {"ref": "npm:@s/c@1.0.0", "dependsOn": ["npm:b@2"]} in document["dependencies"]


def test_what_a_generator_wrote_has_no_purl() -> None:
    document = bill(made_of(BomEntry(".prisma/client", "", "", {"node_modules/.prisma/client": "00" * 32})))

    assert "purl" not in document["components"][0]


def test_what_was_joined_into_the_bundle_says_so() -> None:
    document = bill(made_of(BomEntry("a", "1", "npm", {}, "ISC", inlined=True)))

    assert {"name": "packager:inlined", "value": "true"} in document["components"][0]["properties"]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("MIT", [{"license": {"id": "MIT"}}]),
        ("apache-2.0", [{"license": {"id": "Apache-2.0"}}]),
        ("(MIT OR Apache-2.0)", [{"expression": "MIT OR Apache-2.0"}]),
        ("Apache-2.0 WITH LLVM-exception", [{"expression": "Apache-2.0 WITH LLVM-exception"}]),
        ("SEE LICENSE IN EULA.txt", [{"license": {"name": "SEE LICENSE IN EULA.txt"}}]),
        ("UNLICENSED", [{"license": {"name": "UNLICENSED"}}]),
        ("BSD", [{"license": {"name": "BSD"}}]),
        ("", None),
    ],
)
def test_licences_in_the_words_of_the_format(declared: str, expected: object) -> None:
    (found,) = bill(made_of(BomEntry("a", "1", "npm", {}, declared)))["components"]

    assert found.get("licenses") == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("Apache License, Version 2.0", "Apache-2.0"), ("The MIT License", "MIT"), ("isc", "ISC")]
)
def test_names_that_can_mean_one_licence_only(text: str, expected: str) -> None:
    assert spdx(text) == expected


@pytest.mark.parametrize(
    "text", ["", "Apache Software License", "MIT OR", "((", "MIT/X11", "unknown", "Custom: https://x.example/eula"]
)
def test_what_is_no_expression(text: str) -> None:
    assert spdx(text) == ""


def test_the_summary_names_every_package_whose_licence_is_not_clear() -> None:
    found = made_of(
        BomEntry("a", "1", "npm", {}, "MIT"),
        BomEntry("b", "1", "npm", {}, "mit"),
        BomEntry("c", "1", "npm", {}, "ISC"),
        BomEntry("d", "1", "npm", {}, "see website", licence_files=("node_modules/d/LICENSE",)),
        BomEntry("e", "", "", {}),
    )

    shares = licence_shares(found)

    assert [(share.licence, share.spdx, share.packages) for share in shares] == [
        ("MIT", True, ("a@1", "b@1")),
        ("ISC", True, ("c@1",)),
        ("see website", False, ("d@1",)),
        (UNKNOWN, False, ("e",)),
    ]
    lines = list(licence_lines(shares))
    assert lines[:2] == ["MIT: 2 packages: a@1, b@1", "ISC: 1 package: c@1"]
    assert "    see node_modules/d/LICENSE" in lines
    assert lines[-2:] == ["unknown: 1 package: no licence is declared", "  e"]


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_tree(tmp_path / "app", APP)

    assert run(["report", str(folder), "--sbom", str(tmp_path / "x.json"), "--licences"]) == 0
    said = capsys.readouterr().out
    assert "x.json: 5 packages of app" in said
    assert "MIT: 1 package: a@1.2.3" in said
    assert VALIDATOR.validate_str((tmp_path / "x.json").read_text()) is None
    assert list(tmp_path.glob("*.html")) == []

    assert run(["report", str(folder), "--licenses", "--json"]) == 0
    check("licences", json.loads(capsys.readouterr().out))
