"""What is decided before AWS is asked: the zip and its manifest, limits, the way, and the command's options."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packager.catalog.current import load_catalog
from packager.cli.publish import PublishOptions, make_spec
from packager.core.errors import ArtifactError, UsageError
from packager.destinations.aws.route import Route, check_limits, choose_route
from packager.model.publishing import FinishedZip, FunctionSpec, LayerSpec
from packager.publish.package import ZipDescription, read_description, read_package

HOST = load_catalog().host("aws-lambda")
FUNCTION = HOST.kinds["aws-lambda"].budget
LAYER = HOST.kinds["aws-lambda-layer"].budget
SMALL = FinishedZip(Path("api.zip"), zipped_bytes=1000, unzipped_bytes=3000, entries=3, sha256="ab" * 32)
DIRECT = 52_428_800
UNZIPPED = 262_144_000


def codes(package: FinishedZip, route: Route, *layers: int) -> list[str]:
    return [finding.code for finding in check_limits(package, layers, FUNCTION, route, "aws-lambda")]


def test_limits_are_met_to_the_byte() -> None:
    direct = Route()
    assert codes(replace(SMALL, zipped_bytes=DIRECT), direct) == []
    assert codes(replace(SMALL, zipped_bytes=DIRECT + 1), direct) == ["SIZE001"]
    assert "SIZE002" in codes(replace(SMALL, unzipped_bytes=UNZIPPED + 1), direct)
    assert codes(SMALL, direct, UNZIPPED - 3000) == []
    assert codes(SMALL, direct, UNZIPPED - 2999) == ["SIZE003"]
    assert codes(SMALL, direct, 1, 1, 1, 1, 1) == []
    assert codes(SMALL, direct, 1, 1, 1, 1, 1, 1) == ["SIZE004"]


def test_only_what_needs_a_bucket_goes_through_it() -> None:
    big = replace(SMALL, zipped_bytes=DIRECT + 1)
    assert choose_route(replace(SMALL, zipped_bytes=DIRECT), FUNCTION, "b", "eu-west-1") == Route()
    assert choose_route(big, FUNCTION, "", "eu-west-1") == Route()
    route = choose_route(big, FUNCTION, "artifacts-{region}", "eu-west-1")
    assert str(route) == f"s3://artifacts-eu-west-1/packager/{'ab' * 32}.zip"
    assert codes(big, route) == []


def test_too_big_for_one_request_says_how_to_send_it() -> None:
    [finding] = check_limits(replace(SMALL, zipped_bytes=DIRECT + 1), (), LAYER, Route(), "aws-lambda-layer")
    assert finding.severity == "error"
    assert "--bucket" in finding.fix


@pytest.fixture
def package(tmp_path: Path) -> FinishedZip:
    path = tmp_path / "api.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.js", b"a" * 1000)
        archive.writestr("b.js", b"b" * 500)
    return read_package(path)


def test_package_is_weighed_and_hashed(package: FinishedZip) -> None:
    data = package.path.read_bytes()
    assert (package.zipped_bytes, package.unzipped_bytes, package.entries) == (len(data), 1500, 2)
    assert package.sha256 == hashlib.sha256(data).hexdigest()


def test_paths_that_are_no_zip(tmp_path: Path, package: FinishedZip) -> None:
    with pytest.raises(ArtifactError, match="does not exist"):
        read_package(tmp_path / "none.zip")
    with pytest.raises(ArtifactError, match="is a folder") as caught:
        read_package(tmp_path)
    assert str(package.path) in caught.value.fix


@settings(deadline=None)
@given(data=st.binary(max_size=200), end=st.integers(0, 2**16 - 1), size=st.integers(0, 2**32 - 1))
def test_damaged_zips_raise_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, end: int, size: int
) -> None:
    """Random bytes, and random bytes before an end record that points anywhere."""
    path = tmp_path_factory.mktemp("zip") / "x.zip"
    record = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, end, end, len(data), size, 0)
    for content in (data, data + record, b"PK\1\2" + data + record):
        path.write_bytes(content)
        try:
            read_package(path)
        except ArtifactError:
            continue


def describe(package: FinishedZip, document: object) -> ZipDescription:
    text = document if isinstance(document, str) else json.dumps(document)
    package.path.with_name("api.manifest.json").write_text(text)
    return read_description(package)


def test_manifest_is_optional_and_read_where_it_is(package: FinishedZip) -> None:
    assert read_description(package) == ZipDescription()
    layers = [{"name": "prisma", "sha256": "aa"}, {"name": "shared.zip", "sha256": "bb"}]
    document = {
        "version": 1,
        "bundle": "api",
        "arch": "arm64",
        "layers": layers,
        "artifact": {"sha256": package.sha256},
    }
    assert describe(package, document) == ZipDescription(
        bundle="api", arch="arm64", layers=(("prisma", "aa"), ("shared", "bb"))
    )


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"version": 1, "artifact": {"sha256": "00" * 32}}, "belongs to another zip"),
        ({"version": 2}, "version 1"),
        ([], "version 1"),
        ("{", "cannot be read"),
    ],
    ids=["other zip", "newer", "no object", "no JSON"],
)
def test_manifests_that_do_not_fit(package: FinishedZip, document: object, text: str) -> None:
    with pytest.raises(ArtifactError, match=text) as caught:
        describe(package, document)
    assert caught.value.fix


def options(**given: Any) -> PublishOptions:
    empty: dict[str, Any] = dict.fromkeys(("regions", "layers", "runtimes", "arches", "environment"), ())
    texts = ("name", "function", "bucket", "handler", "role", "description", "license", "endpoint_url", "profile")
    empty |= dict.fromkeys(texts, "") | {"create": False, "dry_run": False, "path": Path("api.zip")}
    return PublishOptions(**(empty | given))


def test_options_come_before_the_manifest() -> None:
    description = ZipDescription(bundle="api", kind="function", runtime="nodejs20.x", arch="arm64", handler="a.b")
    spec, budget = make_spec(options(runtimes=("nodejs22.x",)), description)
    assert spec == FunctionSpec("api", runtime="nodejs22.x", handler="a.b", arch="arm64")
    assert budget == FUNCTION


def test_layers_are_those_it_was_built_with() -> None:
    description = ZipDescription(bundle="api", kind="function", layers=(("prisma", "00" * 32),))
    spec, _ = make_spec(options(), description)
    assert spec == FunctionSpec("api", layers=("prisma",), built_with=(base64.b64encode(bytes(32)).decode(),))
    spec, _ = make_spec(options(layers=("other",)), description)
    assert spec == FunctionSpec("api", layers=("other",)), "named on the command line: any version will do"


def test_a_name_alone_means_a_layer() -> None:
    spec, budget = make_spec(options(name="engine", runtimes=("nodejs20.x", "nodejs22.x")), ZipDescription())
    assert spec == LayerSpec("engine", ("nodejs20.x", "nodejs22.x"))
    assert budget == LAYER


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "layer or a function"),
        ({"name": "engine", "layers": ("x",), "handler": "a.b"}, "--layer, --handler cannot be used for a layer"),
        ({"function": "api", "license": "MIT"}, "--license cannot be used for a function"),
        ({"function": "api", "runtimes": ("a", "b")}, "one runtime"),
    ],
    ids=["unclear", "layer", "function", "two runtimes"],
)
def test_options_that_contradict(given: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        make_spec(options(**given), ZipDescription())


def test_other_hosts_bundles_are_not_for_aws() -> None:
    with pytest.raises(UsageError, match="a site cannot be published"):
        make_spec(options(), ZipDescription(bundle="web", kind="site"))


def test_environment_values_are_never_shown() -> None:
    assert "hunter2" not in repr(FunctionSpec("api", environment=(("PASSWORD", "hunter2"),)))


def test_importing_the_command_does_not_import_boto3() -> None:
    code = "import sys, packager.cli.publish, packager.destinations.aws.function; print('boto3' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
