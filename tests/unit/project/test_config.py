"""packager.yaml: everything wrong in it is named with its key, and a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from packager.catalog.arches import parse_arch
from packager.core.errors import ConfigError, PackagerError, UsageError
from packager.model.options import BuildOptions
from packager.model.project import BundleSpec, Silence
from packager.project.config import parse_project
from packager.project.loading import load_project
from packager.project.options import with_options
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.project import Project

API = {"target": "aws-lambda", "handler": "index.handler"}


def parsed(tmp_path: Path, **changes: Any) -> Project:
    """Return the project of a document with one bundle and these changes at the top."""
    return parse_project({"version": 1, "bundles": {"api": API}, **changes}, tmp_path)


def refused(tmp_path: Path, document: Any) -> tuple[str, str, str]:
    """Return (where, message, fix) of the error for a document."""
    with pytest.raises(ConfigError) as caught:
        parse_project(document, tmp_path)
    return caught.value.where, caught.value.message, caught.value.fix


def with_bundle(**changes: Any) -> dict[str, Any]:
    return {"bundles": {"api": {**API, **changes}}}


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "packager.yaml": """\
version: 1
generate:
  command: npx prisma generate
  timeout: 90
bundles:
  prisma:
    target: aws-lambda-layer
    recipe: prisma-client
    runtime: nodejs22.x
    arch: [x64, arm64, amd64]
  api:
    target: aws-lambda
    runtime: nodejs22.x
    arch: arm64
    handler: src/handler.handler
    include: ["src/**", "!**/*.test.js"]
    layers: prisma
    budget: 25mb
    environment: {LOG: 1}
    silence:
    - {code: LIB001, reason: never loaded, path: "node_modules/x/**"}
silence:
- {code: ZIP001, reason: we know}
"""
        },
    )

    project = load_project(tmp_path)

    assert project.generate.command == ("npx prisma generate",)
    assert project.generate.timeout_seconds == 90
    prisma, api = project.bundles
    assert prisma.arches == ("x86_64", "arm64")
    assert api == BundleSpec(
        name="api",
        target="aws-lambda",
        runtime="nodejs22.x",
        arches=("arm64",),
        handler="src/handler.handler",
        include=("src/**", "!**/*.test.js"),
        layers=("prisma",),
        budget_bytes=26_214_400,
        environment={"LOG": "1"},
        silence=(Silence("ZIP001", "we know"), Silence("LIB001", "never loaded", "node_modules/x/**")),
    )
    assert project.config_file == "packager.yaml"


def test_no_command_is_told_from_an_empty_list_of_commands(tmp_path: Path) -> None:
    assert parsed(tmp_path, generate={}).generate.command is None
    assert parsed(tmp_path, generate={"command": []}).generate.command == ()


@pytest.mark.parametrize(
    ("document", "where", "fix"),
    [
        ({"bundels": {}}, "packager.yaml: bundels", "did you mean 'bundles'?"),
        (with_bundle(runtme="x"), "packager.yaml: bundles.api.runtme", "did you mean 'runtime'?"),
        (with_bundle(wholly="x"), "packager.yaml: bundles.api.wholly", "keys are: target,"),
        (with_bundle() | {"generate": {"comand": "x"}}, "packager.yaml: generate.comand", "did you mean 'command'?"),
        (with_bundle() | {"silence": [{"cod": "X"}]}, "packager.yaml: silence[0].cod", "did you mean 'code'?"),
        (with_bundle(silence=[{"why": "X"}]), "packager.yaml: bundles.api.silence[0].why", "keys are: code"),
        (with_bundle() | {1: 2}, "packager.yaml: 1", "keys are: version"),
    ],
)
def test_unknown_keys_are_errors_with_a_guess(tmp_path: Path, document: Any, where: str, fix: str) -> None:
    found = refused(tmp_path, document)

    assert found[:2] == (where, "unknown key")
    assert fix in found[2]


@pytest.mark.parametrize(
    ("document", "where", "message"),
    [
        ([], "packager.yaml", "expected a mapping, found a list"),
        (None, "packager.yaml", "expected a mapping, found nothing"),
        ("x", "packager.yaml", "expected a mapping, found text"),
        ({}, "packager.yaml: bundles", "nothing to build"),
        ({"version": 2, "bundles": {"a": API}}, "packager.yaml: version", "version 2 is not supported, only 1 is"),
        ({"version": True, "bundles": {"a": API}}, "packager.yaml: version", "expected a number, found true or false"),
        ({"bundles": ["api"]}, "packager.yaml: bundles", "expected a mapping, found a list"),
        ({"bundles": {"api": None}}, "packager.yaml: bundles.api", "expected a mapping, found nothing"),
        ({"bundles": {"api": {}}}, "packager.yaml: bundles.api.target", "required key is missing"),
        (with_bundle(handler=3), "packager.yaml: bundles.api.handler", "expected text, found a number"),
        (with_bundle(include=["a", 2]), "packager.yaml: bundles.api.include[1]", "expected text, found a number"),
        (with_bundle(include=[""]), "packager.yaml: bundles.api.include[0]", "is an empty pattern"),
        (with_bundle(include=["!"]), "packager.yaml: bundles.api.include[0]", "is an empty pattern"),
        (with_bundle(strip="yes"), "packager.yaml: bundles.api.strip", "expected true or false, found text"),
        (with_bundle(compile=3), "packager.yaml: bundles.api.compile", "expected true or false, found a number"),
        (with_bundle(arch="mips"), "packager.yaml: bundles.api.arch", "unknown architecture 'mips'"),
        (with_bundle(budget="much"), "packager.yaml: bundles.api.budget", "'much' is not a size"),
        (with_bundle(budget=True), "packager.yaml: bundles.api.budget", "expected text or a number"),
        (
            with_bundle(silence=[{"code": "lib002", "reason": "x"}]),
            "packager.yaml: bundles.api.silence[0].code",
            "no finding has the code 'lib002'",
        ),
        (with_bundle(silence=[{"code": "X"}]), "packager.yaml: bundles.api.silence[0].reason", "required key"),
        (with_bundle() | {"builder": "dokcer"}, "packager.yaml: builder", "unknown value 'dokcer'"),
        (with_bundle() | {"generate": {"timeout": "x"}}, "packager.yaml: generate.timeout", "expected a number"),
        (with_bundle() | {"generate": {"timeout": 0}}, "packager.yaml: generate.timeout", "more than 0 seconds"),
        (
            with_bundle() | {"generate": {"timeout": float("nan")}},
            "packager.yaml: generate.timeout",
            "more than 0 seconds",
        ),
        ({"bundles": {"../api": API}}, "packager.yaml: bundles.../api", "a bundle's name must be a file name"),
        ({"bundles": {True: API}}, "packager.yaml: bundles.True", "YAML reads this name as True, not as text"),
        ({"bundles": {".api": API}}, "packager.yaml: bundles..api", "a bundle's name must be a file name"),
        ({"bundles": {"a" * 65: API}}, f"packager.yaml: bundles.{'a' * 65}", "a bundle's name must be a file name"),
    ],
)
def test_wrong_values_are_named_with_their_key(tmp_path: Path, document: Any, where: str, message: str) -> None:
    found = refused(tmp_path, document)

    assert found[0] == where
    assert message in found[1]


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("bundles:\n\tapi: 1\n", "packager.yaml: line 2", "cannot start any token"),
        ("a: [1\nb: 2\n", "packager.yaml: line 2", ""),
        ("bundles: *nothing\n", "packager.yaml: line 1", "alias"),
        ("a: !!python/object/apply:os.system [ls]\n", "packager.yaml: line 1", "could not determine a constructor"),
        ("bundles:\n  api: {target: a}\n  api: {target: b}\n", "packager.yaml: line 3", "'api' is there twice"),
        ("? [a]\n: 1\n", "packager.yaml: line 1", "unhashable"),
    ],
)
def test_broken_yaml_is_named_with_its_line(tmp_path: Path, text: str, where: str, message: str) -> None:
    write_tree(tmp_path, {"packager.yaml": text})

    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)

    assert caught.value.where == where
    assert message in caught.value.message


def test_a_tab_is_explained(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packager.yaml": "bundles:\n\tapi: 1\n"})

    with pytest.raises(ConfigError, match="YAML allows no tabs"):
        load_project(tmp_path)


def test_merge_keys_are_no_doubles(tmp_path: Path) -> None:
    text = (
        "bundles:\n  api: &base {target: aws-lambda, handler: a.b}\n"
        "  arm: {<<: *base, arch: arm64}\n  two: {<<: *base, handler: c.d}\n"
    )
    write_tree(tmp_path, {"packager.yaml": text})

    project = load_project(tmp_path)

    assert [(spec.handler, spec.arches) for spec in project.bundles] == [
        ("a.b", ("x86_64",)),
        ("a.b", ("arm64",)),
        ("c.d", ("x86_64",)),
    ]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packager.yaml": b"\xff\xfe\x00"})

    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)

    assert caught.value.where.startswith("packager.yaml")


def test_a_folder_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    write_tree(tmp_path, {"file": ""})

    with pytest.raises(UsageError, match="no such folder"):
        load_project(tmp_path / "absent")
    with pytest.raises(UsageError, match="is a file, not a project folder"):
        load_project(tmp_path / "file")


def test_yml_is_read_as_well_but_yaml_first(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packager.yml": "bundles: {one: {target: aws-lambda}}", "package.json": package_json()})
    assert load_project(tmp_path).config_file == "packager.yml"

    write_tree(tmp_path, {"packager.yaml": "bundles: {two: {target: aws-lambda}}"})
    assert [spec.name for spec in load_project(tmp_path).bundles] == ["two"]


def test_selected_bundles_bring_their_layers(tmp_path: Path) -> None:
    bundles = {"base": {"target": "aws-lambda-layer"}, "api": {**API, "layers": ["base"]}, "web": API}
    project = parsed(tmp_path, bundles=bundles)

    assert [spec.name for spec in with_options(project, BuildOptions(bundles=("api",))).bundles] == ["base", "api"]
    assert with_options(project, BuildOptions()) == project
    with pytest.raises(UsageError, match="no bundle 'wep', did you mean 'web'"):
        with_options(project, BuildOptions(bundles=("wep",)))


def test_options_are_laid_over_every_bundle(tmp_path: Path) -> None:
    project = parsed(tmp_path, bundles={"a": API, "b": {**API, "arch": "arm64", "budget": 5}})

    changed = with_options(project, BuildOptions(runtime="nodejs20.x", arches=("arm64",), budget_bytes=7))

    assert {(spec.runtime, spec.arches, spec.budget_bytes) for spec in changed.bundles} == {
        ("nodejs20.x", ("arm64",), 7)
    }
    assert with_options(project, BuildOptions(timeout_seconds=9)).generate.timeout_seconds == 9
    assert with_options(project, BuildOptions()) == project


def test_a_target_option_turns_functions_but_not_layers(tmp_path: Path) -> None:
    """``--target`` says where the app runs; the layer beneath it stays a layer."""
    bundles = {"base": {"target": "aws-lambda-layer"}, "api": {**API, "layers": ["base"]}}
    project = parsed(tmp_path, bundles=bundles)

    changed = with_options(project, BuildOptions(target="aws-lambda"))

    assert [spec.target for spec in changed.bundles] == ["aws-lambda-layer", "aws-lambda"]


@pytest.mark.parametrize(("text", "arch"), [("x64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64")])
def test_architectures_have_many_names(text: str, arch: str) -> None:
    assert parse_arch(text, "--arch") == arch


def test_errors_of_configuration_exit_3(tmp_path: Path) -> None:
    with pytest.raises(PackagerError) as caught:
        parse_project({}, tmp_path)

    assert caught.value.exit_code == 3


@pytest.mark.parametrize("opening", ['{"a":', "[", "- ", "? "])
def test_a_document_nested_beyond_reason_is_refused(tmp_path: Path, opening: str) -> None:
    (tmp_path / "packager.yaml").write_text(opening * 7_000)
    with pytest.raises(ConfigError, match="nested too deeply"):
        load_project(tmp_path)
