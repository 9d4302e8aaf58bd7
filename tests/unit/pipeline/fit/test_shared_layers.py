"""Several functions that are too big, and the layers beneath all of them; everything outside answered from memory."""

from __future__ import annotations

import random
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml

from packager.catalog.current import load_catalog
from packager.core.errors import ConfigError
from packager.delivery.deliver import deliver
from packager.delivery.emitting import emit_for
from packager.delivery.fitted import with_fitted_layers
from packager.model.findings import Finding
from packager.model.options import BuildOptions
from packager.model.proof import Proof
from packager.pipeline.fit.messages import plan_lines
from packager.pipeline.run import package
from packager.planning.planner import make_plan
from packager.project.config import parse_project
from tests.support.fakes import NO_DOCKER, FakeBuilder, FakeProver, FakeTracer, fake_tools, plan_for
from tests.support.trees import lock_json, package_json, snapshot, write_tree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.model.catalog import Catalog
    from packager.model.stages import ProveInputs
    from packager.pipeline.run import Result

KB = 1000
NEEDS = {"a": "1", "b": "1", "c": "1"}


def noise(seed: int, length: int) -> bytes:
    """Return bytes that do not compress, the same every time."""
    return random.Random(seed).randbytes(length)


def installed(**kilobytes: int) -> dict[str, str | bytes]:
    """Return packages with a blob each; a and b need the package shared."""
    found: dict[str, str | bytes] = {}
    for index, (name, size) in enumerate(sorted(kilobytes.items())):
        needs = {"shared": "1"} if name in "ab" and "shared" in kilobytes else {}
        found[f"node_modules/{name}/package.json"] = package_json(name, dependencies=needs)
        found[f"node_modules/{name}/blob.bin"] = noise(index, size * KB)
    return found


TREE = installed(a=30, b=40, c=20, shared=60)
# Nothing of it can go into a layer: it is the project's own.
ONE_FILE: dict[str, str | bytes] = {**installed(a=1, b=1, c=1, shared=1), "data.js": noise(9, 100 * KB)}
NOT_FOUND = Finding("RUN001", "error", "jobs.mjs", "Cannot find package 'shared'")
# 160 KB of packages in all; b is none of jobs's business.
BOTH = {
    "api": {"include": ["api.js", "!node_modules/a/**"], "budget": "45kb"},
    "jobs": {"include": ["jobs.js", "!node_modules/b/**"], "budget": "45kb"},
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    own = {"name": "app", "version": "1.0.0", "dependencies": NEEDS}
    versions = dict.fromkeys((*NEEDS, "shared"), "1.0.0")
    handlers = {f"{name}.js": f"exports.handler = async () => '{name}'\n" for name in ("api", "jobs", "mail")}
    files = {"package.json": package_json(**own), "package-lock.json": lock_json(own, versions), **handlers}  # type: ignore[arg-type]
    return write_tree(tmp_path / "app", files)


def functions(specs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        name: {"target": "aws-lambda", "handler": f"{name}.handler", "include": [f"{name}.js"], **spec}
        for name, spec in specs.items()
    }


def build(
    app: Path,
    bundles: dict[str, Any],
    *,
    fit: bool = True,
    prover: FakeProver | None = None,
    tracer: FakeTracer | None = None,
    out: str = "dist",
    tree: dict[str, str | bytes] | None = None,
    catalog: Catalog | None = None,
) -> dict[str, Result]:
    """Package, deliver what passed, and return the results by name."""
    project = parse_project({"bundles": bundles}, app)
    options = BuildOptions(out=app / out, cache=app.parent / "cache", fit=fit)
    host = fake_tools(FakeBuilder(tree or TREE), prover, tracer)
    catalog = catalog or load_catalog()
    with package(make_plan(project, catalog, NO_DOCKER, None), catalog, host, options) as results:
        if all(result.ok for result in results):
            deliver(results, options.out)
        return {result.bundle.name: result for result in results}


def small_host(unzipped: int) -> Catalog:
    """Return the catalog with a host that takes so many bytes only, a function's layers included."""
    catalog = load_catalog()
    host = catalog.host("aws-lambda")
    kind = host.kinds["aws-lambda"]
    budget = msgspec.structs.replace(kind.budget, unzipped=unzipped, unzipped_with_layers=unzipped)
    kinds = {**host.kinds, "aws-lambda": msgspec.structs.replace(kind, budget=budget)}
    hosts = {name: msgspec.structs.replace(each, kinds=kinds) if each is host else each
             for name, each in catalog.hosts.items()}  # fmt: skip
    return replace(catalog, hosts=hosts)


def names(path: Path) -> set[str]:
    return {name.removeprefix("nodejs/") for name in zipfile.ZipFile(path).namelist()}


def test_what_both_have_goes_into_one_layer_beneath_both_and_the_rest_is_cut_for_each(app: Path) -> None:
    made = build(app, functions(BOTH))

    assert list(made) == ["api-shared-1", "api-layer-1", "api", "jobs"]
    assert made["api"].bundle.layers == ("api-shared-1", "api-layer-1")
    assert made["jobs"].bundle.layers == ("api-shared-1",)
    assert "node_modules/shared/blob.bin" in names(app / "dist/api-shared-1.zip")
    for name in ("api", "jobs"):
        result = made[name]
        assert result.ok
        assert result.fit is not None
        assert result.fit.fits
        assert result.fit.layers == result.bundle.layers
        assert result.artifact.zipped_bytes <= 45 << 10
        parts = [names(app / f"dist/{each}.zip") for each in (*result.bundle.layers, name)]
        assert sum(map(len, parts)) == len(set().union(*parts)), "a file is there twice"
        other = "a" if name == "api" else "b"
        needed = {path for path in TREE if not path.startswith(f"node_modules/{other}/")}
        assert needed | {f"{name}.js", "package.json"} == set().union(*parts)


def test_without_the_option_the_plan_names_who_shares(app: Path) -> None:
    made = build(app, functions(BOTH), fit=False)

    assert list(made) == ["api", "jobs"]
    assert not (app / "dist").exists()
    for name, other in (("api", "jobs"), ("jobs", "api")):
        plan = made[name].fit
        assert plan is not None
        (layers,) = [measure for measure in plan.measures if measure.name == "layers"]
        assert f"(shared with {other})" in layers.what
        assert plan.command == "packager build --fit"


def test_a_function_that_fits_is_left_alone(app: Path) -> None:
    made = build(app, functions({**BOTH, "mail": {}}))

    assert made["mail"].fit is None
    assert made["mail"].bundle.layers == ()


def test_the_order_of_the_configuration_does_not_matter(app: Path) -> None:
    build(app, functions(BOTH), out="one")
    build(app, functions(dict(reversed(list(BOTH.items())))), out="other")
    build(app, functions(BOTH), out="one-again")

    assert snapshot(app / "one") == snapshot(app / "other") == snapshot(app / "one-again")


def test_the_lines_they_say_give_the_same_bytes_without_the_option(app: Path) -> None:
    made = build(app, functions(BOTH))
    lines: dict[str, dict[str, Any]] = {}
    for name in BOTH:
        plan = made[name].fit
        assert plan is not None
        for key, spec in yaml.safe_load("\n".join(plan.permanent))["bundles"].items():
            assert lines.setdefault(key, spec) == spec

    again = build(app, {name: {**functions(BOTH).get(name, {}), **spec} for name, spec in lines.items()}, fit=False)

    assert {name: result.artifact.sha256 for name, result in again.items()} == {
        name: result.artifact.sha256 for name, result in made.items()
    }


def test_traced_functions_share_whole_packages(app: Path) -> None:
    tracer = FakeTracer(("node_modules/b/blob.bin", "node_modules/b/package.json", "node_modules/shared/blob.bin"))
    traced = {name: {**functions(BOTH)[name], "trim": "trace", "include": [f"{name}.js"]} for name in BOTH}

    made = build(app, traced, tracer=tracer)

    assert list(made) == ["api-shared-1", "api", "jobs"]
    assert made["api-shared-1"].bundle.trim == "strict"
    assert all(made[name].fit.fits for name in BOTH)  # type: ignore[union-attr]
    assert "node_modules/b/blob.bin" not in names(app / "dist/jobs.zip")


def test_traced_functions_share_layers_where_tracing_alone_is_not_enough(app: Path) -> None:
    tracer = FakeTracer(tuple(path for path in TREE if "/a/" not in path))
    specs = {name: {"include": [f"{name}.js"], "budget": "70kb"} for name in BOTH}
    # Unpacked, they are over the host's limit as they are: layers cannot help before they are traced.
    huge = {**TREE, "node_modules/a/zeros.bin": bytes(300 * KB)}

    made = build(app, functions(specs), tracer=tracer, tree=huge, catalog=small_host(250 * KB))

    for name in BOTH:
        assert made[name].fit is not None
        assert made[name].fit.applied == ("trace", "layers")  # type: ignore[union-attr]
        assert made[name].bundle.layers == ("api-shared-1",)
    assert "node_modules/a/zeros.bin" not in names(app / "dist/api-shared-1.zip")


class Choosy(FakeProver):
    """Loads everything but one function on layers, as an ES module that layers are no place for."""

    def __call__(self, inputs: ProveInputs, archive: Path, layers: Sequence[Path]) -> Proof:
        proof = super().__call__(inputs, archive, layers)
        if archive.stem != "jobs" or not layers:
            return proof
        return Proof("failed", "local", "a made-up runtime", "Cannot find package", findings=(NOT_FOUND,))


def test_a_function_that_does_not_load_from_layers_keeps_nobody_from_sharing(app: Path) -> None:
    mail = {"include": ["mail.js"], "budget": "45kb"}

    made = build(app, functions({**BOTH, "mail": mail}), prover=Choosy())

    assert [made[name].ok for name in ("api", "jobs", "mail")] == [True, False, True]
    assert "api-shared-1" in made["api"].bundle.layers
    assert "api-shared-1" in made["mail"].bundle.layers
    plan = made["jobs"].fit
    assert plan is not None
    assert not plan.fits
    told = "\n".join(plan_lines(plan))
    assert "tried 1 layer (shared with api, mail): refused" in told
    assert "container images of up to 10 GB" in told
    assert not (app / "dist").exists()


def test_a_layer_of_the_users_is_not_packed_again(app: Path) -> None:
    bundles = {
        "base": {"target": "aws-lambda-layer", "packages": ["shared"]},
        **functions({"api": {**BOTH["api"], "layers": ["base"], "budget": "10kb"}, "jobs": BOTH["jobs"]}),
    }

    made = build(app, bundles)

    assert made["api"].ok
    assert made["jobs"].ok
    seen = [names(app / f"dist/{each}.zip") for each in (*made["api"].bundle.layers, "api")]
    assert sum(map(len, seen)) == len(set().union(*seen))
    assert made["api"].bundle.layers[0] == "base"


def test_no_shared_layer_takes_the_name_of_a_bundle(app: Path) -> None:
    made = build(app, {**functions(BOTH), "api-shared-1": {"target": "aws-lambda-layer", "packages": ["c"]}})

    # Each has layers of its own then.
    assert made["api"].fit is not None
    assert "the new layer api-shared-1 would have the name of a bundle" in {
        trial.detail for trial in made["api"].fit.trials
    }
    assert made["api"].bundle.layers == ("api-layer-1",)
    assert made["jobs"].bundle.layers == ("jobs-layer-1",)


def test_architectures_have_layers_of_their_own(app: Path) -> None:
    specs = {name: {**spec, "arch": ["x86_64", "arm64"]} for name, spec in BOTH.items()}

    made = build(app, functions(specs))

    for arch in ("x86_64", "arm64"):
        assert made[f"jobs-{arch}"].bundle.layers == (f"api-{arch}-shared-1",)
        assert made[f"api-{arch}-shared-1"].bundle.target.arch == arch
        # Written down, the list of layers would be that of both.
        assert made[f"jobs-{arch}"].fit.permanent == ("packager build --fit",)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("sam", "- Ref: ApiShared1"),
        ("serverless", "- Ref: ApiDashsharedDash1LambdaLayer"),
        ("terraform", "${aws_lambda_layer_version.api-shared-1.arn}"),
        ("cdk", 'layers: [layers["api-shared-1"]'),
    ],
)
def test_shared_layers_are_described_as_declared_ones_are(app: Path, name: str, reference: str) -> None:
    plan = plan_for(parse_project({"bundles": functions(BOTH)}, app))
    assert with_fitted_layers(plan, app / "dist", load_catalog()) == plan
    build(app, functions(BOTH))

    known = with_fitted_layers(plan, app / "dist", load_catalog())
    (text,) = emit_for(name, known, "dist").values()

    assert text.count(reference) == len(BOTH)
    assert "dist/api-shared-1" in text
    (app / "dist/api-shared-1.manifest.json").unlink()
    with pytest.raises(ConfigError, match="was built on layer api-shared-1, which has changed or is missing"):
        with_fitted_layers(plan, app / "dist", load_catalog())


def test_what_nothing_helps_names_the_way_out_for_each(app: Path) -> None:
    made = build(app, functions({name: {**spec, "budget": "1kb"} for name, spec in BOTH.items()}), tree=ONE_FILE)

    for name in BOTH:
        plan = made[name].fit
        assert plan is not None
        assert not made[name].ok
        assert "container images of up to 10 GB" in "\n".join(plan_lines(plan))
        (finding,) = made[name].findings
        assert "use a container image" in finding.fix
