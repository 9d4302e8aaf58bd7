"""What will be built, where and why: decided without starting anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from packager.core.errors import ConfigError, PackagerError, UsageError
from packager.model.machine import Machine
from packager.model.options import BuildOptions
from packager.project.config import parse_project
from tests.support.fakes import DOCKER, NO_DOCKER, plan_for
from tests.support.trees import lock_json, package_json, snapshot, write_tree

if TYPE_CHECKING:
    from packager.model.plan import Plan

API = {"target": "aws-lambda", "handler": "index.handler"}
LAYER = {"target": "aws-lambda-layer", "packages": ["a"]}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Return a Node project without dependencies."""
    return write_tree(tmp_path / "app", {"package.json": package_json(), "index.js": "exports.handler = 1"})


def planned(app: Path, machine: Machine = NO_DOCKER, options: BuildOptions | None = None, **document: Any) -> Plan:
    document.setdefault("bundles", {"api": API})
    return plan_for(parse_project(document, app), machine, options)


def refused(app: Path, **bundles: Any) -> PackagerError:
    with pytest.raises((ConfigError, UsageError)) as caught:
        planned(app, bundles=bundles)
    return caught.value


def with_dependencies(app: Path, **versions: str) -> None:
    package = {"name": "app", "version": "1.0.0", "dependencies": versions}
    write_tree(
        app, {"package.json": package_json(dependencies=versions), "package-lock.json": lock_json(package, versions)}
    )


def test_a_bundle_is_joined_from_a_tree_with_development_packages_and_layers_share_it(app: Path) -> None:
    layer = {**LAYER, "runtime": "nodejs22.x"}
    joined = planned(app, bundles={"lib": layer, "api": {**API, "runtime": "nodejs22.x", "trim": "bundle"}})
    assert [job.development for job in joined.jobs] == [True]
    assert [job.development for job in planned(app).jobs] == [False]


def test_everything_that_can_be_detected_need_not_be_written(app: Path) -> None:
    plan = planned(app, bundles={"api": {"target": "aws-lambda"}})

    (bundle,) = plan.bundles
    assert bundle.target.runtime == "nodejs22.x"
    assert bundle.handler == "index.handler"
    assert bundle.job.manager is None
    assert bundle.budget == bundle.target.budget


def test_planning_writes_nothing(app: Path) -> None:
    before = snapshot(app)

    planned(app)

    assert snapshot(app) == before


def test_layers_come_first_and_share_the_functions_job(app: Path) -> None:
    plan = planned(app, bundles={"api": {**API, "layers": ["base"]}, "base": LAYER})

    assert [bundle.name for bundle in plan.bundles] == ["base", "api"]
    assert len(plan.jobs) == 1
    assert plan.bundles[1].layers == ("base",)


def test_two_architectures_are_two_bundles_with_names_of_their_own(app: Path) -> None:
    both = {"arch": ["x86_64", "arm64"]}
    plan = planned(app, bundles={"base": {**LAYER, **both}, "api": {**API, **both, "layers": ["base"]}})

    assert [bundle.name for bundle in plan.bundles] == ["base-x86_64", "base-arm64", "api-x86_64", "api-arm64"]
    assert [bundle.layers for bundle in plan.bundles[2:]] == [("base-x86_64",), ("base-arm64",)]
    assert len(plan.jobs) == 2


def test_a_function_takes_its_own_architecture_of_a_layer_that_has_both(app: Path) -> None:
    base = {**LAYER, "arch": ["x86_64", "arm64"]}

    plan = planned(app, bundles={"base": base, "api": {**API, "arch": "arm64", "layers": ["base"]}})

    assert plan.bundles[-1].layers == ("base-arm64",)


def test_finished_layers_from_elsewhere_are_found_in_the_project(app: Path) -> None:
    write_tree(app, {"layers/base.zip": "zip"})

    (bundle,) = planned(app, bundles={"api": {**API, "layers": ["layers/base.zip"]}}).bundles

    assert bundle.layer_files == (app / "layers/base.zip",)


def test_layers_that_lie_elsewhere_are_named_by_their_arn(app: Path) -> None:
    arn = "arn:aws:lambda:eu-central-1:123456789012:layer:tools:7"

    (bundle,) = planned(app, bundles={"api": {**API, "layers": [arn]}}).bundles

    assert (bundle.layers, bundle.layer_arns) == ((), (arn,))


def test_what_earlier_runs_wrote_is_no_source(app: Path) -> None:
    ours = '{"version": 1, "tool": {"name": "packager"}}'
    write_tree(
        app, {"out/api.manifest.json": ours, "out/api.zip": "", "out/compiled.js": "", "out/.b.zip.1.partial": ""}
    )
    (bundle,) = planned(app, options=BuildOptions(out=Path("out"))).bundles

    assert bundle.job.ignore == ("out/.b.zip.1.partial", "out/api.manifest.json", "out/api.zip")


def test_the_users_budget_is_about_the_zip(app: Path) -> None:
    (bundle,) = planned(app, bundles={"api": {**API, "budget": "25mb"}}).bundles

    assert (bundle.budget.zipped, bundle.budget.zipped_by_user) == (26_214_400, True)
    assert bundle.budget.unzipped == bundle.target.budget.unzipped


@pytest.mark.parametrize(
    ("changes", "where", "message", "fix"),
    [
        ({"target": "aws-lamda"}, "target", "unknown target 'aws-lamda', did you mean 'aws-lambda'", "use one of"),
        ({"runtime": "nodejs22"}, "runtime", "no runtime 'nodejs22', did you mean 'nodejs2", "use one of"),
        ({"runtime": "ruby3.3"}, "runtime", "aws-lambda has no runtime 'ruby3.3'", "nodejs22.x"),
        ({"layers": ["bse"]}, "layers", "'bse' is neither a bundle of this project nor a zip file", "use one of"),
        ({"layers": ["absent.zip"]}, "layers", "'absent.zip' is neither", "use one of"),
        ({"layers": ["other"]}, "layers", "other is not a layer", "aws-lambda-layer"),
        ({"layers": ["api"]}, "layers", "api is not a layer", "aws-lambda-layer"),
        ({"layers": ["py"]}, "layers", "layer py is for python3.12, the function for nodejs22.x", ""),
        ({"arch": "arm64", "layers": ["base"]}, "layers", "layer base is not built for arm64", "bundles.base.arch"),
        ({"target": "aws-lambda-layer"}, "handler", "a layer has no handler", "remove it"),
        ({"recipe": "shrap"}, "recipe", "no recipe 'shrap', did you mean 'sharp'", "use one of"),
    ],
)
def test_what_cannot_be_is_named_with_its_key(
    app: Path, changes: dict[str, Any], where: str, message: str, fix: str
) -> None:
    python = {"target": "aws-lambda-layer", "runtime": "python3.12"}

    error = refused(app, api={**API, **changes}, base=LAYER, other=API, py=python)

    assert f"bundles.api.{where}" in error.where
    assert message in error.message
    assert fix in error.fix
    assert error.exit_code == 3


def test_modules_are_compiled_for_python_only(app: Path) -> None:
    error = refused(app, api={**API, "compile": True})

    assert error.where.endswith(": bundles.api.compile")
    assert error.message == "only Python modules can be compiled, and nodejs22.x does not run Python"
    assert "remove it" in error.fix


def test_bytecode_that_python_would_not_look_for_is_refused(tmp_path: Path) -> None:
    app = write_tree(tmp_path, {"requirements.txt": "", "app.py": "def handler(event, context): pass"})
    api = {"target": "aws-lambda", "runtime": "python3.12", "handler": "app.handler", "compile": True}

    error = refused(app, api={**api, "environment": {"PYTHONPYCACHEPREFIX": "/tmp/bytecode"}})
    assert error.where.endswith(": bundles.api.environment.PYTHONPYCACHEPREFIX")

    plan = planned(app, bundles={"api": api, "plain": {**api, "compile": False}})
    assert [bundle.compile for bundle in plan.bundles] == [True, False]
    assert "api: bytecode of Python 3.12 is put beside the modules" in plan.notes
    # What is compiled is no matter of the install: both share a tree.
    assert len(plan.jobs) == 1


def test_a_missing_handler_is_named(app: Path) -> None:
    write_tree(app, {"index.js": "nothing"})

    error = refused(app, api={"target": "aws-lambda"})

    assert error.where == "packager.yaml: bundles.api.handler"
    assert "none was found" in error.message


def test_two_bundles_never_want_the_same_files(app: Path) -> None:
    error = refused(app, **{"api": {**API, "arch": ["x86_64", "arm64"]}, "api-arm64": API})

    assert "api-arm64" in error.message
    assert error.where == "bundles.api-arm64"


def test_names_that_differ_in_case_only_are_one_file_on_some_systems(app: Path) -> None:
    assert "Api" in refused(app, api=API, Api=API).message


def test_a_recipe_that_lives_on_an_app_needs_its_package(app: Path) -> None:
    with_dependencies(app, express="4.0.0")

    error = refused(app, base={"target": "aws-lambda-layer", "recipe": "prisma-client"})

    assert "an app that uses @prisma/client" in error.message
    assert "npm install @prisma/client" in error.fix


def test_a_recipe_takes_the_apps_version_if_it_has_one_and_its_own_otherwise(app: Path) -> None:
    layer = {"sharp": {"target": "aws-lambda-layer", "recipe": "sharp"}}

    (own,) = planned(app, bundles=layer).jobs
    with_dependencies(app, sharp="0.34.0")
    (apps,) = planned(app, bundles=layer).jobs

    assert own.source.name == "sharp"
    assert apps.source == app


def test_the_detected_generator_runs_unless_a_command_is_named(app: Path) -> None:
    with_dependencies(app, **{"@prisma/client": "7.1.0", "prisma": "7.1.0"})

    (job,) = planned(app).jobs
    (named,) = planned(app, generate={"command": "make", "environment": {"A": "1"}, "timeout": 5}).jobs
    (none,) = planned(app, generate={"command": []}).jobs

    assert [engine.name for engine in job.engines] == ["prisma-7"]
    assert job.generate == ("npx --no-install prisma generate",)
    assert (named.generate, named.timeout_seconds) == (("make",), 5)
    assert ("A", "1") in named.environment
    assert none.generate == ()


def test_a_deprecated_runtime_is_noted(app: Path) -> None:
    plan = planned(app, bundles={"api": {**API, "runtime": "nodejs18.x"}})

    assert "api: runtime nodejs18.x is deprecated since 2025-09-01" in plan.notes


@pytest.mark.parametrize(
    ("machine", "wish", "builder", "note"),
    [
        (
            NO_DOCKER,
            "auto",
            "local",
            "no Docker engine answers (`packager doctor` shows what was tried)",
        ),
        (DOCKER, "auto", "docker", "builder: docker with image"),
        (DOCKER, "host", "local", ""),
        (NO_DOCKER, "docker", "docker", ""),
        (Machine("Docker 27", image_problem=lambda image, arch: f"no {arch} {image}"), "auto", "local", "no x86_64"),
    ],
)
def test_the_builder_follows_from_the_machine_and_says_why(
    app: Path, machine: Machine, wish: str, builder: str, note: str
) -> None:
    plan = planned(app, machine, BuildOptions(builder=wish))

    assert plan.jobs[0].builder == builder
    assert any(note in line for line in plan.notes) or not note


def test_a_named_image_replaces_the_platforms(app: Path) -> None:
    asked: list[str] = []

    def image_problem(image: str, arch: str) -> str:
        asked.append(image)
        return ""

    machine = Machine(docker="Docker 27", image_problem=image_problem)

    (job,) = planned(app, machine, BuildOptions(image="mine:1")).jobs

    assert (job.image, asked) == ("mine:1", ["mine:1"])
    assert job.platform.baseline == "lambda-al2023"


def test_the_same_plan_every_time(app: Path) -> None:
    assert planned(app) == planned(app)
