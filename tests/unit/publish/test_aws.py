"""Layers and functions on moto in this process: what is sent, what is left as it is, and what is refused."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import EnvironmentFault, ProviderFault, UsageError
from packager.core.progress import Silent, Stopwatch
from packager.destinations.aws.clients import Aws, connect
from packager.destinations.aws.faults import translate
from packager.destinations.aws.function import publish_function
from packager.destinations.aws.layer import publish_layer
from packager.model.publishing import Access, FinishedZip, FunctionSpec, LayerSpec, Published
from packager.publish.package import read_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REGION = "eu-west-1"
CATALOG = load_catalog()
LAYER_BUDGET = CATALOG.host("aws-lambda-layer").kinds["aws-lambda-layer"].budget
BUDGET = CATALOG.host("aws-lambda").kinds["aws-lambda"].budget
LAYER = LayerSpec("engine", ("nodejs22.x",), ("x86_64",))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    """Take the place of AWS, with credentials that open nothing."""
    from moto import mock_aws

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with mock_aws():
        yield connect(Access(region=REGION))


@pytest.fixture
def function(aws: Aws) -> FunctionSpec:
    """Make the role a function needs."""
    import boto3

    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = boto3.client("iam", region_name=REGION).create_role(RoleName="lambda", AssumeRolePolicyDocument=trust)
    arn = str(role["Role"]["Arn"])
    return FunctionSpec("api", runtime="nodejs22.x", handler="index.handler", arch="x86_64", create=True, role=arn)


def make(path: Path, content: bytes = b"exports.handler = 1") -> FinishedZip:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.js", content)
    return read_package(path)


def put_layer(package: FinishedZip, aws: Aws, spec: LayerSpec = LAYER, **options: Any) -> Published:
    return publish_layer(package, spec, aws, **{"budget": LAYER_BUDGET, "watch": Stopwatch(Silent()), **options})


def put(package: FinishedZip, aws: Aws, spec: FunctionSpec, **options: Any) -> Published:
    return publish_function(package, spec, aws, **{"budget": BUDGET, "watch": Stopwatch(Silent()), **options})


def test_a_layer_is_published_once_and_again_when_it_differs(aws: Aws, tmp_path: Path) -> None:
    package = make(tmp_path / "engine.zip")

    assert put_layer(package, aws, dry_run=True).arn == ""
    first = put_layer(package, aws)
    assert (first.action, first.version, first.route) == ("published", "1", "direct")
    assert put_layer(package, aws).unchanged
    assert put_layer(package, aws, replace(LAYER, runtimes=("nodejs20.x",))).changes == ("runtimes",)


def test_a_layer_over_its_limit_is_not_sent(aws: Aws, tmp_path: Path) -> None:
    tight = msgspec.structs.replace(LAYER_BUDGET, unzipped=1)
    refused = put_layer(make(tmp_path / "engine.zip"), aws, budget=tight)

    assert refused.action == "refused"
    assert aws.lambda_client.list_layer_versions(LayerName="engine")["LayerVersions"] == []


def test_what_is_too_large_for_a_request_goes_through_a_bucket_once(aws: Aws, tmp_path: Path) -> None:
    package = make(tmp_path / "engine.zip", os.urandom(9 << 20))
    small = msgspec.structs.replace(LAYER_BUDGET, zipped=1 << 20)
    with pytest.raises(ProviderFault, match="no such bucket"):
        put_layer(package, aws, budget=small, bucket="artifacts")
    aws.s3_client().create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": REGION})

    first = put_layer(package, aws, budget=small, bucket="artifacts")
    assert first.route == f"s3://artifacts/packager/{package.sha256}.zip"

    def never(*_: object) -> None:
        pytest.fail("uploaded again")

    twin = put_layer(package, replace(aws, upload=never), replace(LAYER, name="twin"), budget=small, bucket="artifacts")
    assert twin.code_sha256 == package.code_sha256


def test_a_bucket_of_another_region(aws: Aws, tmp_path: Path) -> None:
    other = connect(Access(region="us-west-2"))
    other.s3_client().create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})

    with pytest.raises(ProviderFault, match="is in us-west-2"):
        put_layer(
            make(tmp_path / "a.zip"), aws, budget=msgspec.structs.replace(LAYER_BUDGET, zipped=1), bucket="artifacts"
        )


def test_a_function_is_made_then_only_changed_where_it_differs(
    aws: Aws, tmp_path: Path, function: FunctionSpec
) -> None:
    package = make(tmp_path / "api.zip")
    with pytest.raises(ProviderFault, match="no such function"):
        put(package, aws, replace(function, create=False))
    with pytest.raises(UsageError, match="without role and handler"):
        put(package, aws, replace(function, role="", handler=""))

    assert put(package, aws, function).action == "created"
    assert put(package, aws, function).unchanged
    other = make(tmp_path / "other.zip", b"other")
    assert put(other, aws, function, dry_run=True).changes == ("Code",)
    assert put(other, aws, function).action == "updated"
    set_ = put(other, aws, replace(function, runtime="nodejs20.x", handler="a.b", environment=(("A", "1"),)))
    assert set_.changes == ("Runtime", "Handler", "Environment")
    stated = aws.lambda_client.get_function_configuration(FunctionName="api")
    assert (stated["CodeSha256"], stated["Handler"]) == (other.code_sha256, "a.b")


def test_a_function_s_layers_are_found_and_weighed(aws: Aws, tmp_path: Path, function: FunctionSpec) -> None:
    layer = make(tmp_path / "engine.zip", b"\0" * 5000)
    arn = put_layer(layer, aws).arn
    package = make(tmp_path / "api.zip")
    with_layer = replace(function, layers=("engine",))
    tight = msgspec.structs.replace(BUDGET, unzipped_with_layers=package.unzipped_bytes + 4999)

    assert put(package, aws, with_layer, budget=tight).action == "refused"
    assert put(package, aws, with_layer).findings == ()
    assert put(package, aws, replace(function, layers=(arn,))).unchanged
    with pytest.raises(ProviderFault, match="not the layer that api was built with"):
        put(package, aws, replace(with_layer, built_with=("other",)))
    layer.path.unlink()
    assert [finding.severity for finding in put(package, aws, function).findings] == ["note"]


@pytest.mark.parametrize(
    ("layer", "error", "text"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:layer:engine:1", UsageError, "its own region"),
        ("arn:aws:lambda:eu-west-1:123456789012:layer:engine", UsageError, "neither"),
        ("not-there", ProviderFault, "no such layer"),
    ],
)
def test_layers_that_cannot_be(
    aws: Aws, tmp_path: Path, function: FunctionSpec, layer: str, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        put(make(tmp_path / "api.zip"), aws, replace(function, layers=(layer,)))


def test_without_region_credentials_or_a_usable_endpoint(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentFault, match="no AWS region"):
        connect(Access())
    with pytest.raises(UsageError, match="not a usable endpoint"):
        connect(Access(region=REGION, endpoint_url="nonsense"))
    with pytest.raises(EnvironmentFault, match="could not be found"):
        connect(Access(region=REGION, profile="not-there"))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("AccessDeniedException", "AWS denied PublishLayerVersion"),
        ("ExpiredToken", "credentials have expired"),
        ("UnrecognizedClientException", "does not accept the credentials"),
        ("TooManyRequestsException", "throttled"),
        ("Whatever", r"refused PublishLayerVersion: no \(Whatever\)"),
    ],
)
def test_what_aws_refuses_says_why(code: str, text: str) -> None:
    from botocore.exceptions import ClientError

    error = translate(ClientError({"Error": {"Code": code, "Message": "no"}}, "PublishLayerVersion"), "layer engine")

    assert isinstance(error, ProviderFault)
    with pytest.raises(ProviderFault, match=text):
        raise error


def test_what_boto_itself_says() -> None:
    from botocore import exceptions as boto

    assert isinstance(translate(boto.NoCredentialsError(), ""), EnvironmentFault)
    assert isinstance(translate(boto.NoRegionError(), ""), EnvironmentFault)
    assert isinstance(translate(boto.ParamValidationError(report="x"), ""), UsageError)
    assert "cannot be reached" in translate(boto.EndpointConnectionError(endpoint_url="http://x"), "").message
    assert "did not settle" in translate(boto.WaiterError("w", "r", {}), "").message
