"""From plan to delivered artifacts, with everything outside answered from memory."""

from __future__ import annotations

import dataclasses
import json
import tempfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import ArtifactError, EnvironmentFault, GeneratorFault
from packager.delivery.deliver import deliver
from packager.delivery.manifest import manifest_text
from packager.model.findings import Finding
from packager.model.options import BuildOptions
from packager.model.proof import Proof, Wanted
from packager.pipeline.run import Result, package, selections
from packager.project.config import parse_project
from tests.support.elfs import write_elf
from tests.support.fakes import FakeBuilder, FakeProver, FakeTracer, fake_tools, plan_for
from tests.support.trees import Content, package_json, snapshot, write_tree

if TYPE_CHECKING:
    from pathlib import Path

API = {"target": "aws-lambda", "handler": "index.handler"}
HANDLER = "exports.handler = async () => 1\n"
A = {"node_modules/a/package.json": package_json("a"), "node_modules/a/a.js": "module.exports = 1\n"}


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder scratch folders are made in: empty before and after each run."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Return a project that depends on package a."""
    return write_tree(
        tmp_path / "app", {"package.json": package_json("app", dependencies={"a": "1"}), "index.js": HANDLER}
    )


@dataclasses.dataclass
class Run:
    """What came of one run."""

    names: list[str]
    """Of the only bundle's archive."""
    results: list[Result]
    out: Path
    paths: dict[str, Path]
    seconds: dict[str, float]


def run(
    app: Path,
    builder: FakeBuilder | None = None,
    prover: FakeProver | None = None,
    *,
    tracer: FakeTracer | None = None,
    out: Path | None = None,
    prove: str = "auto",
    **bundles: Any,
) -> Run:
    """Package and deliver as the command line does."""
    project = parse_project({"bundles": bundles or {"api": API}}, app)
    write_lock(app)
    options = BuildOptions(out=out or app / "dist", cache=app.parent / "cache", prove=prove)  # type: ignore[arg-type]
    with package(plan_for(project), load_catalog(), fake_tools(builder, prover, tracer), options) as results:
        paths = deliver(results, options.out) if all(result.ok for result in results) else {}
        names = zipfile.ZipFile(results[-1].artifact.path).namelist()
        return Run(names, results, options.out, paths, dict(results[-1].seconds))


def write_lock(app: Path) -> None:
    root = {"name": "app", "version": "1.0.0", "dependencies": {"a": "1"}}
    entries = {"": root, "node_modules/a": {"version": "1.0.0"}}
    (app / "package-lock.json").write_text(json.dumps({"name": "app", "lockfileVersion": 3, "packages": entries}))


def installed(**more: Content) -> FakeBuilder:
    return FakeBuilder({**A, **more})


def test_a_function_from_plan_to_file(app: Path) -> None:
    ran = run(app, installed())

    assert ran.names == ["index.js", "node_modules/a/a.js", "node_modules/a/package.json", "package.json"]
    assert ran.paths == {"api": app / "dist/api.zip"}
    assert sorted(path.name for path in ran.out.iterdir()) == ["api.manifest.json", "api.zip"]
    assert ran.seconds.keys() >= {"install", "scan", "trim", "write", "audit", "prove"}


def test_what_own_code_asks_for_late_and_has_not_got_refuses_the_bundle(app: Path) -> None:
    write_tree(app, {"index.js": "exports.handler = async () => [require('a/a.js'), require('b')]\n"})

    (result,) = run(app, installed()).results

    assert [(each.code, each.severity) for each in result.findings] == [("PKG002", "error")]
    assert result.findings[0].message.startswith("index.js:1 asks for 'b', which is not in the archive")
    assert result.proof.status == "proved"


def test_what_a_failed_proof_has_met_is_told_once(app: Path) -> None:
    write_tree(app, {"index.js": f"require('b');\n{HANDLER}"})
    cause = Finding("RUN001", "error", "index.js", "asks for 'b', which is not there")
    proof = Proof("failed", "local", "node", "asks for 'b'", (cause,), wanted=(Wanted("b", "index.js"),))

    (result,) = run(app, installed(), FakeProver(proof)).results

    assert [each.code for each in result.findings] == ["RUN001"]


def test_what_a_layer_carries_is_there_for_own_code(app: Path) -> None:
    write_tree(app, {"index.js": "exports.handler = async () => require('a/a.js')\n"})
    layer = {"target": "aws-lambda-layer", "packages": ["a"]}

    ran = run(app, installed(), base=layer, api={**API, "layers": ["base"]})

    assert [result.findings for result in ran.results] == [(), ()]


def test_what_a_rule_left_out_and_own_code_names_comes_back(app: Path) -> None:
    write_tree(app, {"index.js": "exports.handler = async () => require('./lib/more')\n", "lib/more.js": ""})

    ran = run(app, installed(), tracer=FakeTracer(("index.js", "package.json")), api={**API, "trim": "trace"})

    assert "lib/more.js" in ran.names
    assert [each.code for each in ran.results[0].findings] == ["TRC001"]


def test_a_wrapper_that_is_nowhere_refuses_the_bundle(app: Path) -> None:
    environment = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}
    (result,) = run(app, installed(), api={**API, "environment": environment}).results
    assert [(each.code, each.severity) for each in result.findings] == [("HND007", "error")]

    arn = "arn:aws:lambda:us-east-1:123456789012:layer:wrap:1"
    (result,) = run(app, installed(), api={**API, "environment": environment, "layers": [arn]}).results
    assert [(each.code, each.severity) for each in result.findings] == [("HND007", "note")]


def test_every_entry_is_proved_through_what_the_host_starts(app: Path) -> None:
    write_tree(app, {"functions/a.js": HANDLER, "functions/b.js": HANDLER})
    prover = FakeProver()
    spec = {"target": "netlify", "src": ["functions/a.js", "functions/b.js"]}

    (result,) = run(app, installed(), prover, site=spec).results

    assert len(prover.asked) == 2
    assert result.proof.detail == "loaded everything", "the made-up prover says no more"


def test_scratch_is_removed_whatever_happens(app: Path, scratch: Path) -> None:
    run(app, installed())
    with pytest.raises(GeneratorFault):
        run(app, FakeBuilder(fault=GeneratorFault("ended with exit code 1")))
    with pytest.raises(KeyboardInterrupt):
        run(app, FakeBuilder(fault=KeyboardInterrupt()))

    assert list(scratch.iterdir()) == []


def test_the_project_is_never_changed(app: Path, tmp_path: Path) -> None:
    write_lock(app)
    before = snapshot(app)

    run(app, installed(), out=tmp_path / "out")

    assert snapshot(app) == before


def test_the_same_bytes_from_another_folder(app: Path, tmp_path: Path) -> None:
    first = run(app, installed())
    other = write_tree(tmp_path / "somewhere else", {**snapshot(app)})
    second = run(other, installed())

    assert snapshot(first.out) == snapshot(second.out)


def test_what_an_earlier_run_left_is_not_packed(app: Path) -> None:
    first = snapshot(run(app, installed()).out)

    again = run(app, installed())

    assert snapshot(again.out) == first


def test_the_layer_takes_the_package_and_the_function_leaves_it_out(app: Path) -> None:
    prover = FakeProver()
    layer = {"target": "aws-lambda-layer", "packages": ["a"]}

    ran = run(app, installed(), prover, base=layer, api={**API, "layers": ["base"]})

    assert ran.names == ["index.js", "package.json"]
    layer_names = zipfile.ZipFile(ran.out / "base.zip").namelist()
    assert layer_names == ["nodejs/node_modules/a/a.js", "nodejs/node_modules/a/package.json"]
    assert [(name, layers) for name, _, layers in prover.asked] == [("base", []), ("api", ["base.zip"])]
    document = json.loads((ran.out / "api.manifest.json").read_text())
    assert document["layers"] == [{"name": "base", "sha256": ran.results[0].artifact.sha256}]
    used = sum(result.artifact.unzipped_bytes for result in ran.results)
    assert document["budget"]["used_with_layers_bytes"] == used


def test_the_prover_sees_the_very_bytes_that_are_delivered(app: Path) -> None:
    prover = FakeProver()

    ran = run(app, installed(), prover)

    assert prover.asked == [("api", (ran.out / "api.zip").read_bytes(), [])]


def test_a_binary_for_another_machine_is_an_error_and_keeps_the_old_artifact(app: Path) -> None:
    old = snapshot(run(app, installed()).out)
    prover = FakeProver()

    ran = run(app, installed(**{"node_modules/a/a.node": write_elf(machine=183)}), prover)

    (result,) = ran.results
    assert [finding.code for finding in result.findings if finding.severity == "error"] == ["ABI001"]
    assert result.findings[0].subject.startswith("dist/api.zip!node_modules/a/a.node")
    assert result.proof.detail == "audited, not proved: the audit already says no"
    assert (ran.paths, snapshot(ran.out), prover.asked) == ({}, old, [])


def test_one_bad_bundle_keeps_the_good_one_back(app: Path) -> None:
    ran = run(app, installed(), api=API, tiny={**API, "budget": 10})

    assert [result.ok for result in ran.results] == [True, False]
    assert [finding.code for finding in ran.results[1].findings] == ["SIZE001"]
    assert not ran.out.exists()


def test_a_failed_proof_is_the_answer_no(app: Path) -> None:
    cause = Finding("RUN001", "error", "index.js", "cannot find module b")
    proof = Proof("failed", "local", "node", "cannot find module b", (cause,))

    ran = run(app, installed(), FakeProver(proof))

    assert not ran.results[0].ok
    assert ran.results[0].findings[-1].subject == "dist/api.zip!index.js"
    assert ran.paths == {}


@pytest.mark.parametrize(("mode", "ok"), [("auto", True), ("require", False), ("skip", True)])
def test_what_could_not_be_proved_is_fine_unless_proof_is_required(app: Path, mode: str, ok: bool) -> None:
    prover = FakeProver(Proof("skipped", "", "", "audited, not proved: no Node 22 here"))

    (result,) = run(app, installed(), prover, prove=mode).results

    assert result.ok is ok
    assert bool(prover.asked) is (mode != "skip")
    assert ("RUN000" in [finding.code for finding in result.findings]) is not ok


def test_an_accepted_finding_is_still_listed(app: Path) -> None:
    silence = [{"code": "SIZE001", "reason": "goes through S3"}]

    (result,) = run(app, installed(), api={**API, "budget": 10, "silence": silence}).results

    assert result.ok
    assert [(each.code, each.severity) for each in result.findings] == [("SIZE001", "note")]
    assert "[accepted: goes through S3]" in result.findings[0].message


SILENCE = {"budget": 10, "silence": [{"code": "SIZE001", "reason": "goes through S3"}]}
"""An audit that would say no, and an answer that it may."""


def test_an_accepted_finding_does_not_switch_the_proof_off(app: Path) -> None:
    cause = Finding("RUN001", "error", "index.js", "cannot find module b")
    prover = FakeProver(Proof("failed", "local", "node", "cannot find module b", (cause,)))

    ran = run(app, installed(), prover, api={**API, **SILENCE})

    assert [name for name, _, _ in prover.asked] == ["api"]
    assert [(each.code, each.severity) for each in ran.results[0].findings] == [
        ("SIZE001", "note"),
        ("RUN001", "error"),
    ]
    assert (ran.results[0].ok, ran.paths) == (False, {})


def test_what_the_proof_found_can_be_accepted_too(app: Path) -> None:
    cause = Finding("RUN001", "error", "index.js", "cannot find module b")
    prover = FakeProver(Proof("failed", "local", "node", "cannot find module b", (cause,)))
    silence = [*SILENCE["silence"], {"code": "RUN001", "reason": "b is optional"}]  # type: ignore[misc]

    (result,) = run(app, installed(), prover, api={**API, **SILENCE, "silence": silence}).results

    assert result.ok
    assert [each.message.count("[accepted: ") for each in result.findings] == [1, 1]


def test_an_error_that_is_not_accepted_still_saves_the_proof(app: Path) -> None:
    prover = FakeProver()
    silence = [{"code": "RUN001", "reason": "another one"}]

    (result,) = run(app, installed(), prover, api={**API, **SILENCE, "silence": silence}).results

    assert (result.ok, prover.asked) == (False, [])


@pytest.mark.parametrize("accepted", ["SIZE001", "RUN001"])
def test_what_is_made_by_a_trace_is_proved_whatever_was_accepted(app: Path, accepted: str) -> None:
    cause = Finding("RUN001", "error", "index.js", "cannot find module b")
    proofs = {
        "SIZE001": Proof("skipped", "", "", "audited, not proved: no Node 22 here"),
        "RUN001": Proof("failed", "local", "node", "cannot find module b", (cause,)),
    }
    silence = [{"code": accepted, "reason": "known"}]
    api = {**API, "trim": "trace", "silence": silence, **({"budget": 10} if accepted == "SIZE001" else {})}

    (result,) = run(app, installed(), FakeProver(proofs[accepted]), tracer=FakeTracer(("index.js",)), api=api).results

    assert not result.ok
    assert [each.code for each in result.findings if each.severity == "error"] == ["TRC002"]


def test_odd_names_go_through(app: Path) -> None:
    odd = {
        "src/with space.js": "1",
        "src/ünïcödé.js": "2",
        "-rf": "3",
        "src/--help": "4",
        "a'\"$b;c": "5",
        "日本/語": "6",
    }
    write_tree(app, odd)

    ran = run(app, installed())

    assert {*odd} <= {*ran.names}
    assert not [finding for finding in ran.results[0].findings if finding.severity != "note"]


def test_names_that_differ_in_case_only_are_found(app: Path) -> None:
    write_tree(app, {"src/Util.js": "1", "src/util.js": "2"})

    ran = run(app, installed())

    assert {"src/Util.js", "src/util.js"} <= {*ran.names}
    assert [finding.code for finding in ran.results[0].findings] == ["ZIP001"]


def test_links_become_content_and_are_refused_where_they_lead_out(app: Path, tmp_path: Path) -> None:
    write_tree(app, {"lib/x.js": "x"}, {"src": "lib"})
    assert "src/x.js" in run(app, installed()).names

    write_tree(tmp_path, {"secret": "x"})
    write_tree(app, {}, {"out": "../secret"})
    with pytest.raises(ArtifactError, match="outside the project") as caught:
        run(app, installed(), out=tmp_path / "never")
    assert caught.value.where == "out"
    assert not (tmp_path / "never").exists()


def test_a_circle_of_links_is_refused_by_its_name(app: Path) -> None:
    write_tree(app, {}, {"a": "b", "b": "a"})
    with pytest.raises(ArtifactError, match="leads back to itself") as caught:
        run(app, installed())
    assert caught.value.where == "a"


def test_a_link_to_a_folder_around_it_is_refused_by_its_name(app: Path, scratch: Path) -> None:
    write_tree(app, {}, {"src/loop": ".."})

    with pytest.raises(ArtifactError, match="tree has no end") as caught:
        run(app, installed())

    assert caught.value.where == "src/loop"
    assert str(scratch) not in str(caught.value)


def test_nothing_left_to_pack_is_an_error_with_a_way_to_see_why(app: Path) -> None:
    with pytest.raises(ArtifactError, match="nothing is left to pack") as caught:
        run(app, installed(), base={"target": "aws-lambda-layer", "packages": ["absent"]})

    assert "packager build --why . --bundle base" in caught.value.fix


def test_secrets_stay_out_unless_named_and_are_noted_then(app: Path) -> None:
    write_tree(app, {".env": "KEY=1", "certs/key.pem": "-----", ".npmrc": "token"})

    assert not {".env", "certs/key.pem", ".npmrc"} & {*run(app, installed()).names}

    ran = run(app, installed(), api={**API, "include": ["!nothing", "certs/key.pem"]})
    document = json.loads((ran.out / "api.manifest.json").read_text())
    assert "certs/key.pem" in ran.names
    assert document["notes"] == ["certs/key.pem: key material, packed because an include pattern names it"]


def test_no_place_for_scratch_is_a_fault_of_the_machine(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(app / "absent"))

    with pytest.raises(EnvironmentFault) as caught:
        run(app, installed())

    assert "TMPDIR" in caught.value.fix


def test_why_runs_as_far_as_trimming(app: Path) -> None:
    write_lock(app)
    project = parse_project({"bundles": {"api": API}}, app)
    options = BuildOptions(out=app / "dist", cache=app.parent / "cache")

    with selections(plan_for(project), load_catalog(), fake_tools(installed()), options) as chosen:
        ((bundle, selection),) = chosen

    assert bundle.name == "api"
    assert [(choice.file.path, choice.kept, choice.rule) for choice in selection.why("node_modules/a")] == [
        ("node_modules/a/a.js", True, "dependency"),
        ("node_modules/a/package.json", True, "dependency"),
    ]
    assert [choice.rule for choice in selection.why("package-lock.json")] == ["build-file"]
    assert not (app / "dist").exists()


def test_manifests_repeat_and_name_no_place_or_time(app: Path, tmp_path: Path) -> None:
    (result,) = run(app, installed()).results

    text = manifest_text(result, [result])

    assert text == manifest_text(result, [result])
    assert str(tmp_path) not in text
    assert "seconds" not in text
