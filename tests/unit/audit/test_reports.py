"""What becomes of findings: the table of codes, SARIF, annotations, kept verdicts, and the command itself."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

import packager
from packager.audit.judge import audit_archive
from packager.audit.output.annotations import annotation
from packager.audit.output.sarif import sarif
from packager.audit.verdicts import audit_cached, stamped
from packager.catalog.finding_codes.registry import CODES, findings_table
from packager.cli import run
from packager.core.sealed import seal
from packager.model.findings import Finding
from packager.prove.judging.causes import CAUSES
from tests.support.bits import flipped
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


@pytest.mark.checkout
def test_findings_md_is_the_table_of_this_version() -> None:
    """``packager audit --explain all > FINDINGS.md`` rewrites it."""
    assert (ROOT / "FINDINGS.md").read_text(encoding="utf-8") == findings_table()


def test_every_code_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert {cause.code for cause in CAUSES} <= set(CODES)
    for code, row in CODES.items():
        assert re.fullmatch(r"[A-Z]{3,4}\d{3}", code)
        assert run(["audit", "--explain", code.lower()]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"{code} {row.title} (")
        assert "\n\nfix: " in said
        assert run(["explain", code.lower()]) == 0
        assert capsys.readouterr().out == said
    assert run(["audit", "--explain", "ABI999"]) == 2


@pytest.mark.parametrize("field", ["title", "meaning", "fix"])
def test_no_two_codes_share_a_text(field: str) -> None:
    texts = [getattr(row, field) for row in CODES.values()]
    assert sorted(texts) == sorted(set(texts))


def test_no_row_only_points_elsewhere() -> None:
    assert [row.code for row in CODES.values() if "the finding's own fix" in row.fix] == []


def test_explain_all_is_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "ALL"]) == 0
    assert capsys.readouterr().out == findings_table()
    assert run(["explain", "all", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    check("explain", document)
    assert [row["code"] for row in document["codes"]] == list(CODES)


def test_explain_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "run001", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    check("explain", document)
    (row,) = document["codes"]
    assert (row["code"], row["severity"], row["fix"]) == ("RUN001", "error", CODES["RUN001"].fix)


def test_an_unknown_code_is_guessed_at(capsys: pytest.CaptureFixture[str]) -> None:
    for typed, meant in {"RUN1": "RUN001", "rum012": "RUN012", "ABI02": "ABI002"}.items():
        assert run(["explain", typed]) == 2
        assert f"{typed!r} is not a finding code\n  fix: did you mean {meant}? " in capsys.readouterr().err
    assert run(["explain", "zzz", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["fix"] == "list all codes with `packager explain all`"


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
    # Another artifact is not a bundle of this project: only what all bundles accept holds for it.
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
    # Other bytes, another target, a handler, no cache: judged again.
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
    stamp, content = json.loads(known.read_text())["content"]
    assert content == hashlib.sha256(data).hexdigest()
    # What stands there is believed: a verdict of the content it names would be given.
    known.write_bytes(seal([stamp, "0" * 64], f"content {known.stem}"))
    assert audit_cached(archive, [], target(), cache=cache) == expected
    assert len(list((cache / "verdicts").glob("*.json"))) == 2
    # Other bytes of the same length and time are seen by the time the system itself keeps.
    archive.write_bytes(data[:-1] + b"\1")
    os.utime(archive, ns=(status.st_atime_ns, status.st_mtime_ns))
    audit_cached(archive, [], target(), cache=cache)
    assert json.loads(known.read_text())["content"][1] == hashlib.sha256(archive.read_bytes()).hexdigest()


def test_a_file_written_a_moment_ago_is_always_read(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = archive.stat().st_ctime_ns + 1_000_000_000
    monkeypatch.setattr("packager.audit.verdicts.time.time_ns", lambda: now)
    audit_cached(archive, [], target(), cache=tmp_path / "kept")
    assert not (tmp_path / "kept" / "verdicts" / "files").exists()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it be a minute later, when files are no longer read each time."""
    now = time.time_ns() + 60_000_000_000
    monkeypatch.setattr("packager.audit.verdicts.time.time_ns", lambda: now)


def test_no_flipped_bit_turns_an_error_into_a_good_end(archive: Path, tmp_path: Path) -> None:
    assert audit() == 1
    (file,) = (tmp_path / "cache" / "verdicts").glob("*.json")
    good = file.read_bytes()
    at = good.index(b'"error"') + 1
    for damaged in flipped(good, 8 * at, 8 * (at + len("error"))):
        file.write_bytes(damaged)
        assert audit() == 1, damaged
        assert file.read_bytes() == good, "the damaged one is replaced"


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 13])
@pytest.mark.parametrize("kind", ["*.json", "files/*.json"])
def test_whatever_bit_flips_in_the_cache_the_verdict_is_the_true_one(
    archive: Path, tmp_path: Path, kind: str, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "kept"
    expected = audit_cached(archive, [], target(), cache=cache)
    raw = [replace(each, subject=each.subject.replace("api.zip", "\0artifact", 1)) for each in expected]
    monkeypatch.setattr("packager.audit.verdicts.audit_archive", lambda *_, **__: raw)
    (file,) = (cache / "verdicts").glob(kind)
    good = file.read_bytes()
    for damaged in flipped(good, step=step):
        file.write_bytes(damaged)
        assert audit_cached(archive, [], target(), cache=cache) == expected, damaged
        assert file.read_bytes() == good, "the damaged one is replaced"
    for length in range(0, len(good), step):
        file.write_bytes(good[:length])
        assert audit_cached(archive, [], target(), cache=cache) == expected


def test_a_verdict_about_other_bytes_is_not_believed(archive: Path, tmp_path: Path) -> None:
    cache = tmp_path / "kept"
    expected = audit_cached(archive, [], target(), cache=cache)
    (file,) = (cache / "verdicts").glob("*.json")
    with zipfile.ZipFile("good.zip", "w") as good:
        good.writestr("index.js", "")
    assert audit_cached(Path("good.zip"), [], target(), cache=cache) != expected
    (other,) = set((cache / "verdicts").glob("*.json")) - {file}

    other.replace(file)

    assert audit_cached(archive, [], target(), cache=cache) == expected


def test_a_verdict_of_an_earlier_version_is_not_there(archive: Path, tmp_path: Path) -> None:
    cache = tmp_path / "kept"
    expected = audit_cached(archive, [], target(), cache=cache)
    (file,) = (cache / "verdicts").glob("*.json")
    new = file.read_bytes()
    file.write_text("[]")  # as it was written before there were checksums: nothing is wrong
    assert audit_cached(archive, [], target(), cache=cache) == expected
    assert file.read_bytes() == new


@pytest.mark.parametrize("kept", ["", "{", "[{}]", "[1]", '[{"code": 1}]', "null", "[" * 99999])
def test_a_broken_verdict_is_judged_anew(archive: Path, tmp_path: Path, kept: str) -> None:
    cache = tmp_path / "kept"
    expected = audit_cached(archive, [], target(), cache=cache)
    (file,) = (cache / "verdicts").glob("*.json")
    file.write_text(kept)
    assert audit_cached(archive, [], target(), cache=cache) == expected
    assert json.loads(file.read_text())


@pytest.mark.parametrize(
    "rows",
    [1, None, {"a": 1}, [1], [{}], [{**FINDING.to_json(), "severity": "eror"}], [{**FINDING.to_json(), "fix": 1}]],
)
def test_a_verdict_of_another_shape_is_judged_anew(archive: Path, tmp_path: Path, rows: object) -> None:
    cache = tmp_path / "kept"
    expected = audit_cached(archive, [], target(), cache=cache)
    (file,) = (cache / "verdicts").glob("*.json")
    good = file.read_bytes()
    file.write_bytes(seal(rows, f"verdict {file.stem}"))
    assert audit_cached(archive, [], target(), cache=cache) == expected
    assert file.read_bytes() == good


def test_a_pipe_in_place_of_a_verdict_holds_nobody_up(archive: Path, tmp_path: Path) -> None:
    cache = tmp_path / "kept"
    expected = audit_cached(archive, [], target(), cache=cache)
    (file,) = (cache / "verdicts").glob("*.json")
    file.unlink()
    os.mkfifo(file)
    assert audit_cached(archive, [], target(), cache=cache) == expected
    assert file.is_file()


def test_a_cache_that_cannot_be_written_is_no_fault(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert audit_cached(archive, [], target(), cache=tmp_path / "file")


def test_what_cannot_be_replaced_leaves_nothing_beside_it(archive: Path, tmp_path: Path) -> None:
    cache = tmp_path / "kept"
    expected = audit_cached(archive, [], target(), cache=cache)
    (file,) = (cache / "verdicts").glob("*.json")
    file.unlink()
    file.mkdir()
    assert audit_cached(archive, [], target(), cache=cache) == expected
    assert list((cache / "verdicts").iterdir()) == [file]


def test_the_stamp_covers_every_module_that_judging_loads() -> None:
    script = (
        "import sys, packager.audit.judge, packager.audit.verdicts as verdicts\n"
        "mine = {m.__file__ for n, m in list(sys.modules.items()) if n.startswith('packager.')}\n"
        "print(*sorted(mine - {str(file) for file in verdicts.stamped()}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_room_that_is_gone_is_no_part_of_a_stamp_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "archive" / "__pycache__").mkdir(parents=True)
    for name in ("nowhere", "archive"):  # a folder that git has emptied is gone, too
        monkeypatch.setattr("packager.audit.verdicts._CODE", (name,))
        monkeypatch.setattr("packager.audit.verdicts._ROOT", tmp_path)
        with pytest.raises(LookupError, match=f"packager/{name} "):
            stamped()
