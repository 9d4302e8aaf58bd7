"""What AWS and the network can answer: real boto3 against a loopback server that gives a prepared answer."""

from __future__ import annotations

import socket
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.core.errors import EnvironmentFault, PackagerError, ProviderFault, UsageError
from packager.core.progress import Silent, Stopwatch
from packager.destinations.aws.clients import connect
from packager.destinations.aws.layer import publish_layer
from packager.destinations.aws.route import Route, Upload, send
from packager.model.publishing import Access, LayerSpec
from packager.model.targets import Budget
from packager.publish.package import read_package
from tests.support.aws_server import answering

if TYPE_CHECKING:
    from pathlib import Path

# The bodies have the shape of the API references: Lambda's JSON with its error header, S3's XML.
JSON = '{"Message": "%s"}'


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Dummy keys, no settings of the user's, no proxy, no metadata service."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


def fault(tmp_path: Path, access: Access, *, bucket: str = "", name: str = "engine") -> PackagerError:
    """Publish a layer and return the error this must end in."""
    path = tmp_path / "engine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.js", b"1")
    budget = Budget(zipped=1 if bucket else None)
    with pytest.raises(PackagerError) as caught:
        publish_layer(
            read_package(path),
            LayerSpec(name),
            connect(access),
            budget=budget,
            watch=Stopwatch(Silent()),
            bucket=bucket,
        )
    assert caught.value.where
    assert caught.value.fix
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "message", "text", "fix"),
    [
        (
            403,
            "AccessDeniedException",
            "not authorized",
            "denied ListLayerVersions",
            "allow these credentials to call lambda:ListLayerVersions",
        ),
        (403, "UnrecognizedClientException", "token is invalid", "does not accept the credentials", "--profile"),
        (403, "ExpiredTokenException", "expired", "credentials have expired", "aws sso login"),
        (429, "TooManyRequestsException", "Rate exceeded", "throttled ListLayerVersions", "wait a minute"),
        (409, "ResourceConflictException", "in progress", "in progress", "another deployment"),
        (400, "CodeStorageExceededException", "Code storage limit exceeded", "storage limit", "delete old layer"),
        (500, "ServiceException", "oops", "oops", "publish again"),
    ],
    ids=lambda value: value if str(value).endswith("Exception") else "",
)
def test_refusals_of_lambda(tmp_path: Path, status: int, code: str, message: str, text: str, fix: str) -> None:
    with answering(status, {"x-amzn-ErrorType": code}, (JSON % message).encode()) as url:
        error = fault(tmp_path, Access(region="eu-west-1", endpoint_url=url, attempts=1))
    assert type(error) is ProviderFault
    assert error.exit_code == 7
    assert error.where == "layer engine in eu-west-1"
    assert text in error.message
    assert fix in error.fix


def test_a_bucket_one_may_not_write_to(tmp_path: Path) -> None:
    """HEAD says 403 with and without s3:ListBucket, so only the upload itself can tell, and boto hides its answer."""
    path = tmp_path / "engine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.js", b"1")
    with answering(403, {}, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>") as url:
        aws = connect(Access(region="eu-west-1", endpoint_url=url, attempts=1))
        shipment = Upload(read_package(path), Route("artifacts", "packager/x.zip"), aws, Stopwatch(Silent()))
        with pytest.raises(ProviderFault, match="denied PutObject: Access Denied") as caught:
            send(shipment)
    assert caught.value.where == "bucket artifacts"
    assert "s3:PutObject" in caught.value.fix


def test_throttling_is_retried(tmp_path: Path) -> None:
    with answering(429, {"x-amzn-ErrorType": "TooManyRequestsException"}, b'{"Message": "slow"}') as url:
        error = fault(tmp_path, Access(region="eu-west-1", endpoint_url=url, attempts=2))
    assert "reached max retries: 1" in str(error.__cause__)


def test_nobody_answers(tmp_path: Path) -> None:
    with (
        socket.socket() as taken
    ):  # bound but not listening: connections are refused, and no other process gets the port
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = fault(tmp_path, Access(region="eu-west-1", endpoint_url=url, attempts=1))
    assert type(error) is ProviderFault
    assert "cannot be reached" in error.message
    assert url in error.message


def test_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    error = fault(tmp_path, Access(region="eu-west-1"))
    assert type(error) is EnvironmentFault
    assert "AWS_ACCESS_KEY_ID" in error.fix


def test_no_region(tmp_path: Path) -> None:
    error = fault(tmp_path, Access())
    assert type(error) is EnvironmentFault
    assert "--region" in error.fix


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_region_of_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "eu-north-1")
    assert connect(Access()).region == "eu-north-1"
    assert connect(Access(region="eu-west-1")).region == "eu-west-1"


def test_unknown_profile(tmp_path: Path) -> None:
    error = fault(tmp_path, Access(region="eu-west-1", profile="missing"))
    assert type(error) is EnvironmentFault
    assert error.where == "AWS profile missing"


@pytest.mark.parametrize(
    ("access", "name"),
    [
        (Access(region="eu-west-1", endpoint_url="not a url"), "engine"),
        (Access(region="eu west", endpoint_url="http://127.0.0.1:9"), "engine"),
        (Access(region="eu-west-1", endpoint_url="http://127.0.0.1:9"), ""),
    ],
    ids=["endpoint", "region", "name"],
)
def test_what_aws_would_never_take(tmp_path: Path, access: Access, name: str) -> None:
    assert type(fault(tmp_path, access, name=name)) is UsageError
