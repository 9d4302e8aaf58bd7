"""What every destination keeps to: the same zip is published once, a limit is met before anything is sent."""

from __future__ import annotations

import json
import os
import urllib.request
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from click.testing import CliRunner

from packager.cli.publish import publish
from packager.core.errors import PackagerError
from packager.core.progress import Silent, Stopwatch
from packager.destinations.registry import DESTINATIONS, destination_for
from packager.model.publishing import Access, FunctionSpec, LayerSpec, Published, PublishOrder
from packager.publish.package import read_package
from packager.publish.regions import publish_in_regions
from tests.support.aws_server import moto_server
from tests.support.documents import check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packager.model.catalog import Catalog

FUNCTION = FunctionSpec("api", runtime="nodejs22.x", handler="index.handler", arch="x86_64", create=True)
LAYER = LayerSpec("engine", ("nodejs22.x",), ("x86_64",))


@dataclass(frozen=True)
class Server:
    """What a destination is reached by in a test."""

    regions: tuple[str, str]
    endpoint_url: str = ""
    role: str = ""


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto_server(tmp_path_factory.mktemp("moto")) as url:
        yield url


def aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Return AWS as moto plays it: empty, with one role, and with credentials that are none."""
    import boto3

    url = request.getfixturevalue("moto")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()
    iam = boto3.client("iam", region_name="eu-west-1", endpoint_url=url)
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = iam.create_role(RoleName="lambda", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    return Server(("eu-west-1", "us-east-1"), url, str(role))


def dummy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Return the dummy, which lives in this process."""
    return Server(("home", "away"))


SERVERS = {"aws": aws, "dummy": dummy}


def test_every_destination_is_tried() -> None:
    assert set(SERVERS) == set(DESTINATIONS)


@pytest.fixture
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, name: str) -> Server:
    return SERVERS[name](request, monkeypatch)


def make_zip(path: Path, content: bytes = b"exports.handler = async () => 1") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("index.js", content)
    return path


def spec_for(kind: str, server: Server) -> LayerSpec | FunctionSpec:
    return replace(FUNCTION, role=server.role) if kind == "function" else LAYER


def put(name: str, kind: str, server: Server, order: PublishOrder, *regions: str) -> list[Published]:
    """Publish to these regions, the first one if none is named."""
    spec = spec_for(kind, server)
    return publish_in_regions(DESTINATIONS[name], order, spec, regions or server.regions[:1], Stopwatch(Silent()))


KINDS = [
    (name, kind) for name, kinds in {"aws": ("function", "layer"), "dummy": ("function",)}.items() for kind in kinds
]


@pytest.mark.parametrize(("name", "kind"), KINDS)
class TestDestination:
    """The contract of a destination."""

    @pytest.fixture
    def order(self, dummies: Catalog, server: Server, tmp_path: Path, name: str, kind: str) -> PublishOrder:
        """Return an order of a small zip with the limits of its target."""
        target = DESTINATIONS[name].TARGETS[kind]
        budget = dummies.host(target).kinds[target].budget
        access = Access(endpoint_url=server.endpoint_url)
        return PublishOrder(read_package(make_zip(tmp_path / f"{kind}.zip")), access, budget)

    def test_it_is_known_by_its_targets_and_has_all_kinds_that_are_tried(
        self, dummies: Catalog, name: str, kind: str
    ) -> None:
        destination = DESTINATIONS[name]
        target = destination.TARGETS[kind]
        assert dummies.host(target).kinds[target].kind == kind
        assert destination_for(target) is destination
        assert {key for other, key in KINDS if other == name} == set(destination.TARGETS)
        assert destination.NAME
        assert destination.SERVICE

    def test_the_second_time_it_is_unchanged(self, server: Server, order: PublishOrder, name: str, kind: str) -> None:
        (first,) = put(name, kind, server, order)
        assert first.action in ("published", "created")
        assert (first.kind, first.region, first.planned) == (kind, server.regions[0], False)
        assert first.code_sha256 == order.package.code_sha256
        assert first.arn
        (second,) = put(name, kind, server, order)
        assert (second.action, second.arn, second.code_sha256) == ("unchanged", first.arn, first.code_sha256)

    def test_a_dry_run_says_what_would_be_done_and_does_not_do_it(
        self, server: Server, order: PublishOrder, name: str, kind: str
    ) -> None:
        for _ in range(2):
            (planned,) = put(name, kind, server, replace(order, dry_run=True))
            assert planned.planned
            assert planned.action in ("published", "created")
        assert put(name, kind, server, order)[0].action == planned.action
        (nothing,) = put(name, kind, server, replace(order, dry_run=True))
        assert nothing.unchanged

    def test_other_bytes_are_sent(
        self, server: Server, order: PublishOrder, tmp_path: Path, name: str, kind: str
    ) -> None:
        put(name, kind, server, order)
        other = replace(order, package=read_package(make_zip(tmp_path / f"{kind}.zip", b"other")))
        (changed,) = put(name, kind, server, other)
        assert changed.action in ("published", "updated")
        assert changed.code_sha256 == other.package.code_sha256
        assert put(name, kind, server, other)[0].unchanged

    def test_over_a_limit_nothing_is_sent(self, server: Server, order: PublishOrder, name: str, kind: str) -> None:
        small = replace(order, budget=msgspec.structs.replace(order.budget, zipped=order.package.zipped_bytes - 1))
        (refused,) = put(name, kind, server, small)
        assert refused.action == "refused"
        assert [(finding.code, finding.severity) for finding in refused.findings] == [("SIZE001", "error")]
        assert put(name, kind, server, order)[0].action in ("published", "created")

    def test_each_region_has_its_own_and_a_failing_one_names_those_that_are_done(
        self, server: Server, order: PublishOrder, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
    ) -> None:
        done = put(name, kind, server, order, *server.regions)
        assert [result.region for result in done] == list(server.regions)
        assert len({result.arn for result in done}) == 2
        assert all(result.unchanged for result in put(name, kind, server, order, *server.regions))
        with pytest.raises(PackagerError) as caught:
            put(name, kind, server, order, server.regions[0], "no region!")
        assert f"{server.regions[0]}: done; publish again" in caught.value.fix


def run(*arguments: object) -> Any:
    return CliRunner().invoke(publish, [str(argument) for argument in arguments], standalone_mode=False)


def test_a_manifests_target_leads_to_its_destination(tmp_path: Path) -> None:
    """The dummy through ``packager publish``: everything from the manifest, then unchanged, then a refusal."""
    package = read_package(make_zip(tmp_path / "web.zip"))
    manifest = {"version": 1, "bundle": "web", "kind": "function", "target": "dummy", "handler": "index.handler"}
    (tmp_path / "web.manifest.json").write_text(json.dumps(manifest))
    first = run(package.path, "--region", "home", "--region", "away", "--json")
    document = json.loads(first.stdout)
    check("publish", document)
    assert [each["arn"] for each in document["published"]] == ["dummy:home:web", "dummy:away:web"]
    assert run(package.path).stdout.startswith("unchanged function web in home: dummy:home:web")
    (tmp_path / "web.manifest.json").write_text(json.dumps({**manifest, "kind": "layer"}))
    assert "a layer cannot be published to Dummy Functions" in str(run(package.path).exception)


def test_a_target_of_no_destination_goes_to_aws() -> None:
    assert destination_for("").NAME == destination_for("vercel").NAME == "AWS"
