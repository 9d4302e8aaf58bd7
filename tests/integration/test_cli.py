"""Every command once, as a user runs it: what it says, what it leaves, and the document it prints.

The project is a custom runtime, so nothing is installed; what needs npm is in other files.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from typing import TYPE_CHECKING

import jsonschema  # type: ignore[import-untyped]
import pytest

from packager.cli import COMMANDS
from tests.support.cli import Ran, packager
from tests.support.documents import SCHEMA, check
from tests.support.trees import snapshot, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Golden

HOST = ("--builder", "host", "--no-prove")
FILES = {"bootstrap": "#!/bin/sh\nexit 0\n", "lib/data.txt": "data\n", ".env": "SECRET=1\n", "notes/a.md": "a\n"}
CONFIG = """\
bundles:
  api:
    target: aws-lambda
    runtime: provided.al2023
    include: ["**", "!notes/**"]
    budget: 1mb
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Return a project with a configuration."""
    return write_tree(tmp_path / "app", {**FILES, "packager.yaml": CONFIG})


@pytest.fixture
def artifact(app: Path) -> Path:
    """Return the zip of a project that was built."""
    assert packager("build", app, *HOST).code == 0
    return app / "dist/api.zip"


def fine(ran: Ran) -> Ran:
    assert ran.code == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran


def test_init_then_plan_then_build(tmp_path: Path) -> None:
    app = write_tree(tmp_path / "app", FILES)

    assert "packager.yaml written" in fine(packager("init", app)).stdout
    assert "nothing to install" in fine(packager("plan", app, "--builder", "host")).stdout
    said = fine(packager("build", app, *HOST)).stdout
    again = packager("init", app)

    assert f"{app}/dist/app.zip" in said
    assert "Done in " in said
    assert again.code == 2
    assert "--force" in again.stderr


def test_a_build_says_what_people_look_for(app: Path) -> None:
    ran = fine(packager("build", app, *HOST))

    for word in ("zipped", "of 1.00 MB", "unzipped", "sha256", "proof", "audited, not proved"):
        assert word in ran.stdout
    assert re.search(r"^Done in \d+\.\d s: 1 bundle built, 1 not proved\.$", ran.stdout.splitlines()[-1])
    assert len((ran.stderr + ran.stdout).splitlines()) <= 8
    assert zipfile.ZipFile(app / "dist/api.zip").namelist() == ["bootstrap", "lib/data.txt"]


def test_a_build_says_more_when_asked_to(app: Path) -> None:
    ran = fine(packager("build", app, *HOST, "-v"))

    for word in ("for          aws-lambda", " bytes)", "sha256", "kept ", "seconds "):
        assert word in ran.stdout
    assert "✓ write" in ran.stderr


def test_a_build_as_a_document_and_its_manifest(app: Path) -> None:
    ran = fine(packager("build", app, *HOST, "--json"))

    check("build", ran.json())
    check("manifest", json.loads((app / "dist/api.manifest.json").read_text()))
    assert ran.stderr == ""


def test_the_manifest_is_the_golden_one(app: Path, golden: Golden) -> None:
    """Sizes and sums of compressed bytes depend on the codec's version and are left out."""
    fine(packager("build", app, *HOST))
    manifest = json.loads((app / "dist/api.manifest.json").read_text())
    for key in ("zipped_bytes", "sha256", "code_sha256", "codec"):
        assert manifest["artifact"].pop(key)
    for file in manifest["files"]:
        assert file.pop("compressed")
    assert manifest["tool"].pop("version")

    golden.check("manifest.json", json.dumps(manifest, indent=1) + "\n")


def test_the_plan_is_the_golden_one(app: Path, golden: Golden) -> None:
    golden.check("plan.txt", fine(packager("plan", app, "--builder", "host")).stdout)
    document = fine(packager("plan", app, "--builder", "host", "--json")).json()
    check("plan", document)
    golden.check("plan.json", json.dumps(document, indent=1) + "\n")


def test_a_dry_run_is_the_plan_and_writes_nothing(app: Path) -> None:
    before = snapshot(app)

    dry = fine(packager("build", app, *HOST, "--dry-run"))

    assert dry.stdout == fine(packager("plan", app, "--builder", "host")).stdout
    assert snapshot(app) == before


def test_why_says_why(app: Path) -> None:
    ran = fine(packager("build", app, *HOST, "--why", ".env"))
    assert "dropped .env  [secret] environment file" in ran.stdout

    document = fine(packager("build", app, *HOST, "--why", "notes", "--json")).json()
    check("why", document)
    assert [(row["path"], row["kept"], row["rule"]) for row in document["why"]] == [("notes/a.md", False, "include")]
    assert not (app / "dist").exists()


def test_the_answer_no_is_a_document_too(app: Path) -> None:
    ran = packager("build", app, *HOST, "--budget", "100", "--json")

    assert ran.code == 1
    check("build", ran.json())
    assert ran.json()["ok"] is False
    assert ran.json()["bundles"][0]["path"] is None
    assert not list((app / "dist").iterdir())


def test_a_failure_is_a_document_too(app: Path) -> None:
    write_tree(app, {"packager.yaml": "bundels: {}"})

    ran = packager("build", app, "--json")

    assert ran.code == 3
    check("failure", ran.json())
    assert ran.json()["error"]["where"] == "packager.yaml: bundels"
    assert "did you mean 'bundles'?" in ran.stderr


def test_the_same_bytes_whoever_builds_it_and_where(app: Path, tmp_path: Path) -> None:
    fine(packager("build", app, *HOST))
    other = write_tree(tmp_path / "other place/app", {**FILES, "packager.yaml": CONFIG})
    for path in other.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    before = os.umask(0o077)
    try:
        fine(packager("build", other, *HOST, TZ="Asia/Tokyo", LANG="tr_TR.UTF-8", PYTHONHASHSEED="7"))
    finally:
        os.umask(before)

    assert snapshot(app / "dist") == snapshot(other / "dist")


def test_what_is_too_big_comes_with_a_plan(app: Path) -> None:
    write_tree(app, {"lib/data.txt": "".join(f"{number:x} " for number in range(9000))})

    said = packager("build", app, *HOST, "--budget", "2kb")
    assert said.code == 1
    assert "fit          over by " in said.stdout
    document = packager("build", app, *HOST, "--budget", "2kb", "--fit", "--json").json()
    check("build", document)
    plan = document["bundles"][0]["fit"]
    assert (plan["fits"], plan["over_zipped_bytes"] > 0) == (False, True)
    assert {measure["name"] for measure in plan["measures"]} == {"best", "max"}


def test_what_is_a_little_too_big_is_made_to_fit(app: Path) -> None:
    write_tree(app, {"lib/data.txt": "".join(f"{number:x} " for number in range(9000))})
    size = fine(packager("build", app, *HOST, "--json")).json()["bundles"][0]["artifact"]["zipped_bytes"]

    ran = fine(packager("build", app, *HOST, "--budget", str(size - 1), "--fit"))

    assert "tried --compress best: fits: " in ran.stdout
    assert "    packager build --compress best" in ran.stdout
    assert (app / "dist/api.zip").stat().st_size < size


def test_a_bill_of_materials_beside_each_bundle(app: Path) -> None:
    fine(packager("build", app, *HOST, "--sbom"))
    first = (app / "dist/api.cdx.json").read_bytes()
    fine(packager("build", app, *HOST, "--sbom"))

    assert (app / "dist/api.cdx.json").read_bytes() == first
    assert json.loads(first)["metadata"]["component"]["name"] == "api"
    assert zipfile.ZipFile(app / "dist/api.zip").namelist() == ["bootstrap", "lib/data.txt"]


def test_emit_as_a_document(tmp_path: Path) -> None:
    write_tree(tmp_path, {"package.json": '{"name": "x", "version": "1.0.0"}', "index.js": "exports.handler = 1\n"})

    document = fine(packager("emit", "terraform", tmp_path, "--target", "aws-lambda", "--stdout", "--json")).json()

    check("emit", document)
    assert document["changed"] == sorted(document["files"])


def test_audit_and_pack_take_the_artifact(artifact: Path, tmp_path: Path) -> None:
    audit = fine(packager("audit", artifact, "--json")).json()
    check("audit", audit)
    assert audit["runtime"] == "provided.al2023"
    assert "will load and fit" in fine(packager("audit", artifact)).stdout

    pack = fine(packager("pack", artifact, "-o", tmp_path / "again.zip", "--json")).json()
    check("pack", pack)
    assert (tmp_path / "again.zip").read_bytes() == artifact.read_bytes()


def test_a_proof_is_a_document_whatever_it_shows(artifact: Path) -> None:
    """This bootstrap ends at once: where the sandbox can start it, the build fails."""
    ran = packager("prove", artifact, "--json")

    check("prove", ran.json())
    assert ran.code == (1 if ran.json()["proof"]["status"] == "failed" else 0)
    assert ran.json()["ok"] is (ran.code == 0)


def test_audit_says_no(artifact: Path) -> None:
    ran = packager("audit", artifact, "--budget", "100", "--json")

    assert ran.code == 1
    check("audit", ran.json())
    assert [finding["code"] for finding in ran.json()["findings"]] == ["SIZE001"]
    assert "Audit failed: see the findings above." in packager("audit", artifact, "--budget", "100").stdout


def test_what_we_know_and_what_is_here() -> None:
    targets = fine(packager("targets", "--json")).json()
    check("targets", targets)
    assert "aws-lambda-layer" in [target["name"] for target in targets["targets"]]
    assert "nodejs22.x" in fine(packager("targets", "aws-lambda")).stdout
    assert packager("targets", "aws-lamda").code == 3

    check("doctor", fine(packager("doctor", "--offline", "--json")).json())
    check("layer list", fine(packager("layer", "list", "--json")).json())
    assert "sharp" in fine(packager("layer", "list")).stdout


def test_quiet_is_quiet_and_verbose_shows_commands(app: Path) -> None:
    write_tree(app, {"packager.yaml": CONFIG + "generate: {command: echo said-by-it}\n"})

    quiet = fine(packager("build", app, *HOST, "-q"))
    assert (quiet.stdout, quiet.stderr) == ("", "")
    assert "said-by-it" in fine(packager("build", app, *HOST, "--fresh", "-v")).stderr


def test_no_colour_without_a_terminal(app: Path) -> None:
    ran = fine(packager("build", app, *HOST))

    assert "\x1b" not in ran.stdout + ran.stderr


def test_a_secret_in_the_output_of_a_command_is_masked(app: Path) -> None:
    write_tree(app, {"packager.yaml": CONFIG + "generate: {command: echo it is $MY_API_TOKEN; false}\n"})

    ran = packager("build", app, *HOST, "--json", MY_API_TOKEN="s3cr3t-t0ken-value")

    assert ran.code == 5
    assert "s3cr3t-t0ken-value" not in ran.stdout + ran.stderr
    check("failure", ran.json())


def test_connections(tmp_path: Path) -> None:
    ran = packager("connections", tmp_path, "--pool", "5", "--concurrency", "40", "--max-connections", "100", "--json")

    assert ran.code == 1
    document = ran.json()
    check("connections", document)
    assert (document["connections"], document["available"]) == (200, 100)


def test_the_schema_covers_what_answers_and_is_one_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$defs"].keys() >= {*COMMANDS} - {"init", "layer", "cache"}
