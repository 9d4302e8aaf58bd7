"""What becomes of findings: the table of codes, SARIF, annotations, kept verdicts, and the command itself."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import zipfile
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

import packager
from packager.audit.annotations import annotation
from packager.audit.judge import audit_archive
from packager.audit.sarif import sarif
from packager.audit.verdicts import audit_cached
from packager.catalog.finding_codes.registry import CODES, findings_table
from packager.cli import run
from packager.model.findings import Finding
from packager.prove.causes import CAUSES
from tests.support.documents import check
from tests.support.elfs import write_elf
from tests.support.mounts import target

ROOT = Path(packager.__file__).parent.parent
FINDING = Finding("ABI002", "error", "dist/a b.zip!lib/x.so", "needs 100 %, really", "line one\nline two")

# The parts of SARIF 2.1.0 that code hosts require; the whole schema is the network's.
SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array", "minItems": 1, "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "properties": {
                            "driver": {
                                "required": ["name", "version", "rules"],
                                "properties": {"rules": {"items": {"required": ["id", "shortDescription", "help"]}}},
                            }
                        }
                    },
                    "results": {
                        "items": {
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": {"enum": ["error", "warning", "note"]},
                                "message": {"required": ["text"]},
                            },
                        }
                    },
                },
            },
        },
    },
}  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an archive with an error and a warning, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACKAGER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    path = Path("api.zip")
    with zipfile.ZipFile(path, "w") as file:
        for name, data in {
            "new.so": write_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.99"]}),
            "stack.so": write_elf(needed=["libc.so.6"], executable_stack=True),
        }.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16
            file.writestr(info, data)
    return path


def audit(*arguments: str) -> int:
    """Run the command in this process."""
    return run(["audit", "api.zip", "--runtime", "nodejs22.x", *arguments])


def test_findings_md_is_the_table_of_this_version() -> None:
    """``packager audit --explain all > FINDINGS.md`` writes it anew."""
    assert (ROOT / "FINDINGS.md").read_text(encoding="utf-8") == findings_table()


def test_every_code_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert {cause.code for cause in CAUSES} <= set(CODES)
    for code, row in CODES.items():
        assert re.fullmatch(r"[A-Z]{3,4}\d{3}", code)
        assert run(["audit", "--explain", code.lower()]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"{code} {row.title} (")
        assert "\n\nfix: " in said
    assert run(["audit", "--explain", "ABI999"]) == 2


def test_json_has_its_schema(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("--json") == 1
    document = json.loads(capsys.readouterr().out)
    check("audit", document)
    assert [each["code"] for each in document["findings"]] == ["ABI002", "ABI009"]
    assert audit("--format", "json") == 1
    assert json.loads(capsys.readouterr().out) == document


def test_sarif(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("--format", "sarif") == 1
    document = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SARIF).validate(document)
    (done,) = document["runs"]
    rules = done["tool"]["driver"]["rules"]
    for result in done["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert done["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "api.zip"
    assert done["results"][0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "new.so"


def test_sarif_quotes_paths_and_takes_no_findings() -> None:
    (result,) = sarif([FINDING])["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "dist/a%20b.zip"
    jsonschema.Draft202012Validator(SARIF).validate(sarif([]))


def test_annotations_are_one_line_each() -> None:
    assert annotation(FINDING) == (
        "::error file=dist/a b.zip,title=ABI002::lib/x.so: needs 100 %25, really%0Afix: line one%0Aline two"
    )
    note = Finding("ABI010", "note", "a,b:c.zip", "is idle")
    assert annotation(note) == "::notice file=a%2Cb%3Ac.zip,title=ABI010::a,b:c.zip: is idle"


def test_annotations_come_by_themselves_in_actions(
    archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert audit() == 1
    assert "::error" not in capsys.readouterr().out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert audit() == 1
    said = capsys.readouterr().out
    assert "::error file=api.zip,title=ABI002::" in said
    assert "error ABI002 api.zip!new.so" in said
    assert audit("--json") == 1
    json.loads(capsys.readouterr().out)


def test_what_packager_yaml_accepts_is_a_note(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    silence = "silence: [{code: ABI002, path: new.so, reason: never loaded}]"
    own = f"bundles: {{api: {{target: aws-lambda, {silence}}}, other: {{target: aws-lambda}}}}\n"
    Path("packager.yaml").write_text(own)
    assert audit() == 0
    assert "[accepted: never loaded]" in capsys.readouterr().out
    archive.rename("elsewhere.zip")
    # Another artifact is no bundle of this project: only what all bundles accept holds for it.
    assert run(["audit", "elsewhere.zip", "--runtime", "nodejs22.x"]) == 1
    Path("packager.yaml").write_text(f"{silence}\nbundles: {{api: {{target: aws-lambda}}}}\n")
    assert run(["audit", "elsewhere.zip", "--runtime", "nodejs22.x"]) == 0


def test_the_handler_comes_from_the_manifest_beside(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = {"version": 1, "target": "aws-lambda", "runtime": "nodejs22.x", "arch": "x86_64", "handler": "a.b"}
    Path("api.manifest.json").write_text(json.dumps(manifest))
    assert run(["audit", "api.zip"]) == 1
    assert "HND001" in capsys.readouterr().out
    assert run(["audit", "api.zip", "--handler", "index"]) == 1
    assert "FILE.EXPORT" in capsys.readouterr().out


def test_a_verdict_is_kept_by_content(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "kept"
    expected = audit_archive(archive, [], target())
    assert audit_cached(archive, [], target(), cache=cache) == expected

    def anew(*_: object, **__: object) -> list[Finding]:
        raise AssertionError

    monkeypatch.setattr("packager.audit.verdicts.audit_archive", anew)
    assert audit_cached(archive, [], target(), cache=cache) == expected
    os.utime(archive, (1, 1))
    assert audit_cached(archive, [], target(), cache=cache) == expected
    # In another folder it is the same verdict about another path.
    (tmp_path / "elsewhere").mkdir()
    moved = archive.rename(tmp_path / "elsewhere" / archive.name)
    assert [each.subject for each in audit_cached(moved, [], target(), cache=cache)] == [
        f"{moved}!new.so",
        f"{moved}!stack.so",
    ]
    # Other bytes, another target, a handler, no cache: asked anew.
    with pytest.raises(AssertionError):
        audit_cached(moved, [], target("nodejs20.x"), cache=cache)
    with pytest.raises(AssertionError):
        audit_cached(moved, [], target(), cache=cache, handler="a.b")
    with pytest.raises(AssertionError):
        audit_cached(moved, [], target(), cache=None)
    moved.write_bytes(moved.read_bytes() + b"\n")
    with pytest.raises(AssertionError):
        audit_cached(moved, [], target(), cache=cache)


def test_an_untouched_file_is_not_even_read_again(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.time_ns() + 60_000_000_000
    monkeypatch.setattr("packager.audit.verdicts.time.time_ns", lambda: later)
    cache, status, data = tmp_path / "kept", archive.stat(), archive.read_bytes()
    expected = audit_cached(archive, [], target(), cache=cache)
    (known,) = (cache / "verdicts" / "files").iterdir()
    stamp, content = json.loads(known.read_text())
    assert content == hashlib.sha256(data).hexdigest()
    # What stands there is believed: a verdict of the content it names would be given.
    known.write_text(json.dumps([stamp, "another"]))
    assert audit_cached(archive, [], target(), cache=cache) == expected
    assert len(list((cache / "verdicts").glob("*.json"))) == 2
    # Other bytes of the same length and time are seen by the time the system itself keeps.
    archive.write_bytes(data[:-1] + b"\1")
    os.utime(archive, ns=(status.st_atime_ns, status.st_mtime_ns))
    audit_cached(archive, [], target(), cache=cache)
    assert json.loads(known.read_text())[1] == hashlib.sha256(archive.read_bytes()).hexdigest()


def test_a_file_written_a_moment_ago_is_always_read(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = archive.stat().st_ctime_ns + 1_000_000_000
    monkeypatch.setattr("packager.audit.verdicts.time.time_ns", lambda: now)
    audit_cached(archive, [], target(), cache=tmp_path / "kept")
    assert not (tmp_path / "kept" / "verdicts" / "files").exists()


@pytest.mark.parametrize("kept", ["", "{", "[{}]", "[1]", '[{"code": 1}]'])
def test_a_broken_verdict_is_judged_anew(archive: Path, tmp_path: Path, kept: str) -> None:
    cache = tmp_path / "kept"
    expected = audit_cached(archive, [], target(), cache=cache)
    (file,) = (cache / "verdicts").glob("*.json")
    file.write_text(kept)
    assert audit_cached(archive, [], target(), cache=cache) == expected
    assert json.loads(file.read_text())


def test_a_cache_that_cannot_be_written_is_no_fault(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert audit_cached(archive, [], target(), cache=tmp_path / "file")
