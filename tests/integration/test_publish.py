"""Publishing to moto over HTTP: real boto3, real requests, loopback only. moto checks no limits; ours do."""

from __future__ import annotations

import json
import os
import urllib.request
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from click.testing import CliRunner

from packager.catalog.current import load_catalog
from packager.cli.publish import publish
from packager.core.errors import ArtifactError, ProviderFault, UsageError
from packager.core.progress import Silent, Stopwatch
from packager.destinations.aws.clients import Aws, connect
from packager.destinations.aws.function import publish_function
from packager.destinations.aws.layer import publish_layer
from packager.model.publishing import Access, FinishedZip, FunctionSpec, LayerSpec, Published
from packager.publish.package import read_package
from tests.support.aws_server import moto_server
from tests.support.documents import check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/lambda"
LAYER_BUDGET = load_catalog().host("aws-lambda-layer").kinds["aws-lambda-layer"].budget
BUDGET = load_catalog().host("aws-lambda").kinds["aws-lambda"].budget
SPEC = LayerSpec("engine", ("nodejs22.x",), ("x86_64",))
FUNCTION = FunctionSpec("api", runtime="nodejs22.x", handler="index.handler", arch="x86_64", create=True, role=ROLE)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto_server(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture
def endpoint(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Empty the server and give this process dummy credentials, no settings of the user's, no proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST")).close()
    return server


@pytest.fixture
def aws(endpoint: str) -> Aws:
    return connect(Access(region=REGION, endpoint_url=endpoint))


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch(Silent())


@pytest.fixture
def role(endpoint: str) -> str:
    """Make the execution role: moto, like AWS, wants it to exist."""
    import boto3

    iam = boto3.client("iam", region_name=REGION, endpoint_url=endpoint)
    trust = {"Version": "2012-10-17", "Statement": []}
    made = iam.create_role(RoleName="lambda", AssumeRolePolicyDocument=json.dumps(trust))
    return str(made["Role"]["Arn"])


def make_zip(path: Path, content: bytes = b"exports.handler = async () => 1", method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as archive:
        archive.writestr("index.js", content)
    return path


def make_bucket(aws: Aws, name: str = "artifacts") -> str:
    aws.s3_client().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    return name


def versions(aws: Aws) -> list[int]:
    found = aws.lambda_client.list_layer_versions(LayerName="engine")["LayerVersions"]
    return sorted(version["Version"] for version in found)


class TestLayer:
    def put(self, package: FinishedZip, aws: Aws, spec: LayerSpec = SPEC, **options: Any) -> Published:
        return publish_layer(package, spec, aws, **{"budget": LAYER_BUDGET, "watch": Stopwatch(Silent()), **options})

    def test_new_unchanged_changed(self, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "engine.zip"))
        first = self.put(package, aws)
        assert (first.action, first.version, first.route) == ("published", "1", "direct")
        stated = aws.lambda_client.get_layer_version(LayerName="engine", VersionNumber=1)
        assert stated["Content"]["CodeSha256"] == first.code_sha256 == package.code_sha256
        assert stated["CompatibleRuntimes"] == ["nodejs22.x"]
        assert stated["CompatibleArchitectures"] == ["x86_64"]

        again = self.put(package, aws)
        assert again.unchanged
        assert again.arn == first.arn
        assert versions(aws) == [1]

        changed = self.put(read_package(make_zip(tmp_path / "other.zip", b"other")), aws)
        assert (changed.action, changed.version, changed.changes) == ("published", "2", ("code",))

        back = self.put(package, aws)
        assert (back.version, versions(aws)) == ("3", [1, 2, 3]), "only the newest version counts"

    def test_another_runtime_is_a_change_its_order_is_none(self, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "engine.zip"))
        both = replace(SPEC, runtimes=("nodejs22.x", "nodejs20.x"))
        self.put(package, aws)
        assert self.put(package, aws, both).changes == ("runtimes",)
        assert self.put(package, aws, replace(SPEC, runtimes=("nodejs20.x", "nodejs22.x"))).unchanged

    def test_dry_run_publishes_nothing(self, aws: Aws, tmp_path: Path) -> None:
        planned = self.put(read_package(make_zip(tmp_path / "engine.zip")), aws, dry_run=True)
        assert planned.planned
        assert (planned.action, planned.arn) == ("published", "")
        assert versions(aws) == []

    def test_through_a_bucket_in_parts_and_only_once(self, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "engine.zip", os.urandom(9 << 20)))
        bucket = make_bucket(aws)
        small = msgspec.structs.replace(LAYER_BUDGET, zipped=1 << 20)
        first = self.put(package, aws, budget=small, bucket=bucket)
        key = f"packager/{package.sha256}.zip"
        assert first.route == f"s3://{bucket}/{key}"
        head = aws.s3_client().head_object(Bucket=bucket, Key=key)
        assert head["ContentLength"] == package.zipped_bytes
        assert head["ETag"].strip('"').endswith("-2"), "sent in two parts"

        def no_upload(*_args: object) -> None:
            pytest.fail("uploaded again")

        second = self.put(
            package, replace(aws, upload=no_upload), replace(SPEC, name="twin"), budget=small, bucket=bucket
        )
        assert (second.action, second.code_sha256) == ("published", package.code_sha256)

    def test_an_object_of_another_length_is_replaced(self, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "engine.zip", os.urandom(4096)))
        bucket = make_bucket(aws)
        key = f"packager/{package.sha256}.zip"
        aws.s3_client().put_object(Bucket=bucket, Key=key, Body=b"torn", Metadata={"sha256": package.sha256})
        done = self.put(package, aws, budget=msgspec.structs.replace(LAYER_BUDGET, zipped=1), bucket=bucket)
        assert done.action == "published"
        assert aws.s3_client().head_object(Bucket=bucket, Key=key)["ContentLength"] == package.zipped_bytes

    def test_a_small_zip_needs_no_bucket_though_one_is_named(self, aws: Aws, tmp_path: Path) -> None:
        assert self.put(read_package(make_zip(tmp_path / "engine.zip")), aws, bucket="not-created").route == "direct"

    def test_unknown_bucket(self, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "engine.zip"))
        with pytest.raises(ProviderFault, match="no such bucket") as caught:
            self.put(package, aws, budget=msgspec.structs.replace(LAYER_BUDGET, zipped=1), bucket="not-created")
        assert caught.value.where == "bucket not-created"
        assert versions(aws) == []

    def test_bucket_of_another_region(self, aws: Aws, endpoint: str, tmp_path: Path) -> None:
        elsewhere = connect(Access(region="us-west-2", endpoint_url=endpoint))
        make_bucket(elsewhere)
        package = read_package(make_zip(tmp_path / "engine.zip"))
        with pytest.raises(ProviderFault, match=r"is in us-west-2.*Lambda in eu-west-1"):
            self.put(package, aws, budget=msgspec.structs.replace(LAYER_BUDGET, zipped=1), bucket="artifacts")

    def test_a_zip_rebuilt_meanwhile_is_not_sent(self, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "engine.zip"))
        make_zip(package.path, b"other")
        with pytest.raises(ArtifactError, match="changed while"):
            self.put(package, aws)
        assert versions(aws) == []

    def test_bytes_changed_on_the_way_are_noticed(self, aws: Aws, tmp_path: Path) -> None:
        """The bucket's object claims our hash, but its bytes are others: AWS then states another CodeSha256."""
        package = read_package(make_zip(tmp_path / "engine.zip", b"a" * 100))
        bucket = make_bucket(aws)
        aws.s3_client().put_object(
            Bucket=bucket,
            Key=f"packager/{package.sha256}.zip",
            Body=b"x" * package.zipped_bytes,
            Metadata={"sha256": package.sha256},
        )
        with pytest.raises(ProviderFault, match="other bytes arrived") as caught:
            self.put(package, aws, budget=msgspec.structs.replace(LAYER_BUDGET, zipped=1), bucket=bucket)
        assert caught.value.where.endswith(":layer:engine:1")
        assert "delete its object" in caught.value.fix


class TestFunction:
    def put(self, package: FinishedZip, aws: Aws, spec: FunctionSpec = FUNCTION, **options: Any) -> Published:
        return publish_function(package, spec, aws, **{"budget": BUDGET, "watch": Stopwatch(Silent()), **options})

    @pytest.mark.usefixtures("role")
    def test_create_unchanged_updated(self, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "api.zip"))
        assert self.put(package, aws, dry_run=True).action == "created"
        made = self.put(package, aws)
        assert (made.action, made.route) == ("created", "direct")
        stated = aws.lambda_client.get_function_configuration(FunctionName="api")
        assert stated["CodeSha256"] == package.code_sha256
        assert stated["Runtime"] == "nodejs22.x"
        assert self.put(package, aws).unchanged

        other = read_package(make_zip(tmp_path / "api.zip", b"other"))
        planned = self.put(other, aws, dry_run=True)
        assert (planned.action, planned.changes) == ("updated", ("Code",))
        assert aws.lambda_client.get_function_configuration(FunctionName="api")["CodeSha256"] == package.code_sha256
        updated = self.put(other, aws)
        assert (updated.action, updated.changes) == ("updated", ("Code",))
        stated = aws.lambda_client.get_function_configuration(FunctionName="api")
        assert stated["CodeSha256"] == other.code_sha256

    @pytest.mark.usefixtures("role")
    def test_configuration_changes_alone_send_no_code(self, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "api.zip"))
        self.put(package, aws, replace(FUNCTION, environment=(("A", "1"), ("B", "2"))))
        changed = self.put(package, aws, replace(FUNCTION, handler="src/h.handler", environment=(("B", "3"),)))
        assert (changed.changes, changed.route) == (("Handler", "Environment"), "")
        stated = aws.lambda_client.get_function_configuration(FunctionName="api")
        assert stated["Environment"]["Variables"] == {"A": "1", "B": "3"}, "variables not named stay"
        assert stated["Handler"] == "src/h.handler"

    @pytest.mark.usefixtures("role")
    def test_layers_by_name_take_the_newest_and_are_weighed_from_the_zip_beside(
        self, aws: Aws, tmp_path: Path, watch: Stopwatch
    ) -> None:
        layer = read_package(make_zip(tmp_path / "engine.zip", b"\0" * 50_000, zipfile.ZIP_DEFLATED))
        arn = publish_layer(layer, SPEC, aws, budget=LAYER_BUDGET, watch=watch).arn
        package = read_package(make_zip(tmp_path / "api.zip"))
        spec = replace(FUNCTION, layers=("engine",))
        room = package.unzipped_bytes + 50_000
        assert (
            self.put(package, aws, spec, budget=msgspec.structs.replace(BUDGET, unzipped_with_layers=room - 1)).action
            == "refused"
        )
        made = self.put(package, aws, spec, budget=msgspec.structs.replace(BUDGET, unzipped_with_layers=room))
        assert made.findings == ()
        stated = aws.lambda_client.get_function_configuration(FunctionName="api")
        assert [each["Arn"] for each in stated["Layers"]] == [arn]
        assert self.put(package, aws, replace(FUNCTION, layers=(arn,))).unchanged

        # Without --layer its layers stay, and still count.
        over = self.put(package, aws, budget=msgspec.structs.replace(BUDGET, unzipped_with_layers=room - 1))
        assert [finding.code for finding in over.findings] == ["SIZE003"]

        layer.path.unlink()
        unsure = self.put(package, aws)
        assert [(each.severity, each.subject) for each in unsure.findings] == [("note", arn)]

    @pytest.mark.usefixtures("role")
    def test_layers_it_was_not_built_with_are_refused(self, aws: Aws, tmp_path: Path, watch: Stopwatch) -> None:
        layer = read_package(make_zip(tmp_path / "engine.zip"))
        package = read_package(make_zip(tmp_path / "api.zip"))
        spec = replace(FUNCTION, layers=("engine",), built_with=(layer.code_sha256,))
        publish_layer(layer, SPEC, aws, budget=LAYER_BUDGET, watch=watch)
        assert self.put(package, aws, spec).action == "created"
        other = read_package(make_zip(tmp_path / "other.zip", b"other"))
        publish_layer(other, SPEC, aws, budget=LAYER_BUDGET, watch=watch)
        with pytest.raises(ProviderFault, match=r"newest version \(2\) is not the layer that api was built with"):
            self.put(package, aws, spec)

    def test_absent_function_is_not_made_unasked(self, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "api.zip"))
        with pytest.raises(ProviderFault, match="no such function") as caught:
            self.put(package, aws, replace(FUNCTION, create=False))
        assert "--create" in caught.value.fix

    def test_creating_needs_role_and_handler(self, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "api.zip"))
        with pytest.raises(UsageError, match="without role and handler"):
            self.put(package, aws, replace(FUNCTION, role="", handler=""))

    def test_six_layers_are_refused(self, aws: Aws, tmp_path: Path, watch: Stopwatch) -> None:
        layer = read_package(make_zip(tmp_path / "layer.zip"))
        names = tuple(f"layer-{number}" for number in range(6))
        for name in names:
            publish_layer(layer, replace(SPEC, name=name), aws, budget=LAYER_BUDGET, watch=watch)
        package = read_package(make_zip(tmp_path / "api.zip"))
        refused = self.put(package, aws, replace(FUNCTION, layers=names))
        assert refused.action == "refused"
        assert [finding.code for finding in refused.findings] == ["SIZE004"]
        assert aws.lambda_client.list_functions()["Functions"] == []

    @pytest.mark.parametrize(
        ("layer", "error", "text"),
        [
            ("arn:aws:lambda:us-east-1:123456789012:layer:engine:1", UsageError, "its own region"),
            ("arn:aws:lambda:eu-west-1:123456789012:layer:engine", UsageError, "neither"),
            ("not-created", ProviderFault, "no such layer"),
            ("arn:aws:lambda:eu-west-1:123456789012:layer:engine:7", ProviderFault, "refused GetLayerVersion"),
        ],
    )
    def test_layers_that_cannot_be(self, aws: Aws, tmp_path: Path, layer: str, error: type, text: str) -> None:
        package = read_package(make_zip(tmp_path / "api.zip"))
        with pytest.raises(error, match=text):
            self.put(package, aws, replace(FUNCTION, layers=(layer,)))


class TestCommand:
    def run(self, *arguments: object) -> Any:
        return CliRunner().invoke(publish, [str(argument) for argument in arguments], standalone_mode=False)

    def test_two_regions_then_unchanged(self, endpoint: str, tmp_path: Path) -> None:
        path = make_zip(tmp_path / "engine.zip")
        common = (path, "--name", "engine", "--endpoint-url", endpoint, "--region", REGION, "--region", "us-east-1")
        first = self.run(*common)
        assert first.exception is None
        assert f"published layer engine in {REGION}: arn:aws:lambda:{REGION}:" in first.stdout
        assert "published layer engine in us-east-1: arn:aws:lambda:us-east-1:" in first.stdout
        second = json.loads(self.run(*common, "--json").stdout)
        check("publish", second)
        assert second["version"] == 1
        assert [each["action"] for each in second["published"]] == ["unchanged", "unchanged"]
        assert second["artifact"]["code_sha256"] == second["published"][0]["code_sha256"]

    def test_one_region_fails_the_other_is_named_as_done(self, endpoint: str, tmp_path: Path) -> None:
        big = make_zip(tmp_path / "engine.zip", os.urandom(1000), zipfile.ZIP_STORED)
        layer = "arn:aws:lambda:us-east-1:123456789012:layer:engine:1"
        make_role = connect(Access(region="us-east-1", endpoint_url=endpoint))
        publish_layer(read_package(big), SPEC, make_role, budget=LAYER_BUDGET, watch=Stopwatch(Silent()))
        common = (big, "--function", "api", "--layer", layer, "--endpoint-url", endpoint, "--dry-run", "--create")
        facts = ("--role", ROLE, "--runtime", "nodejs22.x", "--handler", "index.handler")
        result = self.run(*common, *facts, "--region", "us-east-1", "--region", REGION)
        assert isinstance(result.exception, UsageError)
        assert "us-east-1: done" in result.exception.fix

    def test_everything_from_the_manifest(self, endpoint: str, aws: Aws, tmp_path: Path) -> None:
        package = read_package(make_zip(tmp_path / "engine.zip"))
        manifest = {
            "version": 1,
            "bundle": "engine",
            "kind": "layer",
            "target": "aws-lambda-layer",
            "runtime": "nodejs20.x",
            "arch": "arm64",
            "artifact": {"sha256": package.sha256},
        }
        (tmp_path / "engine.manifest.json").write_text(json.dumps(manifest))
        assert self.run(package.path, "--endpoint-url", endpoint, "--region", REGION).exception is None
        stated = aws.lambda_client.get_layer_version(LayerName="engine", VersionNumber=1)
        assert stated["CompatibleRuntimes"] == ["nodejs20.x"]
        assert stated["CompatibleArchitectures"] == ["arm64"]

        make_zip(package.path, b"touched by hand")
        result = self.run(package.path, "--endpoint-url", endpoint, "--region", REGION)
        assert isinstance(result.exception, ArtifactError)
        assert "belongs to another zip" in str(result.exception)
        assert versions(aws) == [1]

    def test_70_mb_without_a_bucket_is_refused(self, endpoint: str, aws: Aws, tmp_path: Path) -> None:
        path = make_zip(tmp_path / "engine.zip", bytes(70 << 20))
        result = self.run(path, "--name", "engine", "--endpoint-url", endpoint, "--region", REGION)
        assert (result.exception, result.return_value) == (None, 1)
        assert "SIZE001" in result.stdout
        assert "--bucket" in result.stdout
        assert versions(aws) == []

    def test_300_mb_unzipped_is_refused_whatever_the_way(self, endpoint: str, aws: Aws, tmp_path: Path) -> None:
        path = make_zip(tmp_path / "engine.zip", bytes(300 << 20), zipfile.ZIP_DEFLATED)
        common = (path, "--name", "engine", "--endpoint-url", endpoint, "--region", REGION)
        result = self.run(*common, "--bucket", make_bucket(aws), "--json")
        assert result.return_value == 1
        check("publish", json.loads(result.stdout))
        [refused] = json.loads(result.stdout)["published"]
        assert refused["action"] == "refused"
        assert "SIZE002" in {finding["code"] for finding in refused["findings"]}
        assert versions(aws) == []
