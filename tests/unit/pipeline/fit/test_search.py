"""From a bundle over its budget to one that fits, with everything outside answered from memory."""

from __future__ import annotations

import random
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from packager.catalog.current import load_catalog
from packager.delivery.deliver import deliver
from packager.delivery.manifest import manifest_text
from packager.model.options import BuildOptions
from packager.model.proof import Proof
from packager.pipeline.fit.messages import plan_lines
from packager.pipeline.run import Result, package
from packager.project.config import parse_project
from tests.support.fakes import FakeBuilder, FakeProver, FakeTracer, fake_tools, plan_for
from tests.support.trees import lock_json, package_json, snapshot, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.options import ProveMode

API = {"target": "aws-lambda", "handler": "index.handler"}
NEEDS = {"a": "1", "b": "1"}


def text_of(seed: int, length: int) -> str:
    """Return words that compress to about half, the same every time."""
    words = random.Random(seed)
    return "".join(f"const x{words.randrange(10**6)} = {words.randrange(10**9)}\n" for _ in range(length // 26))


INSTALLED = {
    "node_modules/a/package.json": package_json("a", dependencies={"shared": "1"}),
    "node_modules/a/a.js": text_of(1, 40_000),
    "node_modules/b/package.json": package_json("b", dependencies={"shared": "1"}),
    "node_modules/b/b.js": text_of(2, 30_000),
    "node_modules/shared/package.json": package_json("shared"),
    "node_modules/shared/s.js": text_of(3, 20_000),
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    own = {"name": "app", "version": "1.0.0", "dependencies": NEEDS}
    files = {
        "package.json": package_json(**own),  # type: ignore[arg-type]
        "index.js": "exports.handler = async () => 1\n",
        "package-lock.json": lock_json(own, {"a": "1.0.0", "b": "1.0.0", "shared": "1.0.0"}),
    }
    return write_tree(tmp_path / "app", files)


def build(
    app: Path,
    *,
    fit: bool,
    prover: FakeProver | None = None,
    builder: FakeBuilder | None = None,
    tracer: FakeTracer | None = None,
    out: str = "dist",
    prove: ProveMode = "auto",
    others: dict[str, Any] | None = None,
    **spec: Any,
) -> list[Result]:
    """Package, deliver what passed, and return the results; their archives stay in the output folder."""
    project = parse_project({"bundles": {**(others or {}), "api": {**API, **spec}}}, app)
    options = BuildOptions(out=app.parent / out, cache=app.parent / "cache", fit=fit, prove=prove)
    host = fake_tools(builder or FakeBuilder(INSTALLED), prover, tracer)
    with package(plan_for(project), load_catalog(), host, options) as results:
        if all(result.ok for result in results):
            deliver(results, options.out)
        return results


def zipped(app: Path, **spec: Any) -> int:
    return build(app, fit=False, out="measure", **spec)[-1].artifact.zipped_bytes


def test_without_the_option_there_is_a_plan_and_no_change(app: Path) -> None:
    size = zipped(app)

    (result,) = build(app, fit=False, budget=size - 1)

    assert not result.ok
    assert result.fit is not None
    assert result.fit.excess.zipped == 1
    assert {"best", "max", "layers"} <= {measure.name for measure in result.fit.measures}
    saved = [measure.zipped for measure in result.fit.measures if measure.certainty != "unknown"]
    assert saved == sorted(saved, reverse=True)
    assert result.fit.likely == "--compress best"
    (finding,) = result.findings
    assert finding.fix.startswith("`packager build --fit` tries the cheapest way that should fit (--compress best)")
    assert not (app.parent / "dist").exists()


def test_a_bundle_that_fits_has_no_plan(app: Path) -> None:
    (result,) = build(app, fit=True)

    assert result.fit is None


def test_a_little_too_much_is_compressed_away(app: Path) -> None:
    size = zipped(app)

    (result,) = build(app, fit=True, budget=size - 1)

    assert result.ok
    assert result.fit is not None
    assert result.fit.applied == ("best",)
    assert result.fit.permanent == ("packager build --compress best",)
    assert result.artifact.zipped_bytes < size
    assert " level 10" in result.artifact.codec
    assert "--fit: --compress best" in manifest_text(result, [result])


def test_much_too_much_goes_into_layers_that_together_are_the_whole(app: Path) -> None:
    size = zipped(app)

    *layers, function = build(app, fit=True, budget=size // 2)

    assert function.ok
    assert function.fit is not None
    assert "layers" in function.fit.applied
    assert function.artifact.zipped_bytes <= size // 2
    assert function.bundle.layers == tuple(layer.bundle.name for layer in layers) == ("api-layer-1",)
    found = sorted(
        name.removeprefix("nodejs/")
        for path in (app.parent / "dist").glob("*.zip")
        for name in zipfile.ZipFile(path).namelist()
    )
    assert found == sorted([*INSTALLED, "index.js", "package.json"])
    assert "nodejs/node_modules/shared/s.js" in zipfile.ZipFile(app.parent / "dist/api-layer-1.zip").namelist()


def test_the_lines_it_says_give_the_same_bytes_without_it(app: Path) -> None:
    import yaml

    size = zipped(app)
    function = build(app, fit=True, budget=size // 2)[-1]
    assert function.fit is not None
    bundles = yaml.safe_load("\n".join(function.fit.permanent))["bundles"]
    bundles["api"] = {**API, "budget": size // 2, **bundles["api"]}

    project = parse_project({"bundles": bundles}, app)
    options = BuildOptions(out=app.parent / "again", cache=app.parent / "cache")
    with package(plan_for(project), load_catalog(), fake_tools(FakeBuilder(INSTALLED)), options) as results:
        deliver(results, options.out)

    one, other = snapshot(app.parent / "dist"), snapshot(app.parent / "again")
    assert {name: data for name, data in one.items() if name.endswith(".zip")} == {
        name: data for name, data in other.items() if name.endswith(".zip")
    }


def test_twice_gives_the_same(app: Path) -> None:
    size = zipped(app)
    for out in ("one", "two"):
        build(app, fit=True, budget=size // 2, out=out)

    assert snapshot(app.parent / "one") == snapshot(app.parent / "two")


def test_what_nothing_helps_names_the_way_out(app: Path) -> None:
    (result,) = build(app, fit=True, budget=100)

    assert not result.ok
    assert result.fit is not None
    assert not result.fit.fits
    told = "\n".join(plan_lines(result.fit))
    assert "container images of up to 10 GB" in told
    assert 'CMD ["index.handler"]' in told
    assert not (app.parent / "dist").exists()


@pytest.mark.parametrize(
    ("proof", "outcome"),
    [
        (Proof("proved", "local", "node", "loaded index.handler"), "fits"),
        (Proof("skipped", "", "", "no Node 22 here"), "not proved"),
    ],
    ids=["proved", "skipped"],
)
def test_what_changes_the_files_is_taken_with_a_proof_only(app: Path, proof: Proof, outcome: str) -> None:
    readme = {"node_modules/a/README.md": random.Random(4).randbytes(30_000)}
    builder = FakeBuilder({**INSTALLED, **readme})
    size = zipped(app, builder=builder)

    results = build(app, fit=True, prover=FakeProver(proof), builder=builder, budget=size - 20_000)

    plan = results[-1].fit
    assert plan is not None
    assert (plan.trials[0].what, plan.trials[0].outcome) == ("trim: strict", outcome)
    assert plan.fits
    assert plan.applied == (("strict",) if outcome == "fits" else ("layers",))


def test_no_prove_leaves_the_trim_levels_alone(app: Path) -> None:
    readme = {"node_modules/a/README.md": random.Random(4).randbytes(30_000)}
    builder = FakeBuilder({**INSTALLED, **readme})
    size = zipped(app, builder=builder)

    results = build(app, fit=True, prove="skip", builder=builder, budget=size - 20_000)

    assert results[-1].fit is not None
    assert results[-1].fit.applied == ("layers",)


def test_what_the_handler_does_not_reach_is_left_out_if_that_is_enough(app: Path) -> None:
    size = zipped(app)
    tracer = FakeTracer(("node_modules/a/a.js", "node_modules/a/package.json"))

    (planned,) = build(app, fit=False, tracer=tracer, out="never", budget=size * 2 // 3)
    (result,) = build(app, fit=True, tracer=tracer, budget=size * 2 // 3)

    assert planned.fit is not None
    (trace,) = [measure for measure in planned.fit.measures if measure.name == "trace"]
    assert trace.certainty == "about"
    assert (planned.fit.likely, planned.fit.command) == ("trim: trace", "packager build --trim trace")
    assert result.fit is not None
    assert (result.fit.applied, len(result.fit.trials)) == (("trace",), 1)
    assert result.fit.permanent == ("bundles:", "  api:", "    trim: trace")
    names = zipfile.ZipFile(app.parent / "dist/api.zip").namelist()
    assert names == ["index.js", "node_modules/a/a.js", "node_modules/a/package.json", "package.json"]


def test_a_bundle_of_several_architectures_is_configured_by_its_key(app: Path) -> None:
    size = zipped(app)
    tracer = FakeTracer(("node_modules/a/a.js",))

    results = build(app, fit=True, tracer=tracer, budget=size * 2 // 3, arch=["x86_64", "arm64"])

    assert [result.bundle.name for result in results] == ["api-x86_64", "api-arm64"]
    assert {result.fit.permanent for result in results if result.fit} == {("bundles:", "  api:", "    trim: trace")}


def test_no_layer_takes_the_name_of_a_bundle(app: Path) -> None:
    size = zipped(app)
    others = {"api-layer-1": {"target": "aws-lambda-layer", "packages": ["b"]}}

    result = build(app, fit=True, budget=size // 2, others=others)[-1]

    assert result.fit is not None
    assert not result.fit.fits
    refused = [trial.detail for trial in result.fit.trials if trial.outcome == "refused"]
    assert "the new layer api-layer-1 would have the name of a bundle" in refused
