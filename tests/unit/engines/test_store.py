"""The engine cache: what a mirror may do wrong, and what is left of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import ArtifactError, EnvironmentFault
from packager.engines.store import EngineStore
from packager.model.clients import EngineFile
from packager.model.generators import NativeEngine
from tests.support.mirror import Mirror, running_mirror

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.mirror import Fault

COMMIT = "605197351a3c8bdd595af2d2a9bc3025bca48ea2"
ENGINE = b"\x7fELF" + bytes(range(256)) * 40
FILE = EngineFile(
    NativeEngine(
        kind="library",
        file="libquery_engine-{binary_target}.so.node",
        override="PRISMA_QUERY_ENGINE_LIBRARY",
        binary_targets=next(engine.binary_targets for engine in load_catalog().engines if engine.binary_targets),
        download="libquery_engine.so.node",
        cached="libquery-engine",
        channel="all_commits",
        mirrors=("PRISMA_BINARIES_MIRROR", "PRISMA_ENGINES_MIRROR"),
        base="http://127.0.0.1:9",
    ),
    binary_target="rhel-openssl-3.0.x",
    commit=COMMIT,
)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setattr("packager.engines.mirror._PAUSE_SECONDS", 0)
    with running_mirror(lambda target, file: ENGINE + f"{target}/{file}".encode()) as running:
        yield running


def store(cache: Path, mirror: Mirror, **environment: str) -> EngineStore:
    named = {"PRISMA_ENGINES_MIRROR": f"{mirror.address}/", **environment}
    return EngineStore(cache, named, timeout_seconds=1)


def test_an_engine_is_fetched_once_with_both_sums(tmp_path: Path, mirror: Mirror) -> None:
    first = store(tmp_path, mirror).get(FILE)
    again = store(tmp_path, mirror).get(FILE)

    place = f"/all_commits/{COMMIT}/rhel-openssl-3.0.x/libquery_engine.so.node"
    assert mirror.requests == [f"{place}.gz.sha256", f"{place}.sha256", f"{place}.gz"]
    assert first == again
    assert first.relative_to(tmp_path).as_posix() == (
        f"engines/prisma/master/{COMMIT}/rhel-openssl-3.0.x/libquery-engine"
    )
    assert first.read_bytes().startswith(ENGINE)
    assert sorted(path.name for path in first.parent.iterdir()) == [
        "libquery-engine",
        "libquery-engine.gz.sha256",
        "libquery-engine.sha256",
    ]


def test_offline_takes_the_cache_and_never_asks(tmp_path: Path, mirror: Mirror) -> None:
    with pytest.raises(EnvironmentFault, match="--offline"):
        store(tmp_path, mirror, npm_config_offline="true").get(FILE)
    assert mirror.requests == []

    store(tmp_path, mirror).get(FILE)
    mirror.requests.clear()
    assert store(tmp_path, mirror, npm_config_offline="true").get(FILE).is_file()
    assert mirror.requests == []


def test_a_damaged_cached_file_is_fetched_anew(tmp_path: Path, mirror: Mirror) -> None:
    place = store(tmp_path, mirror).get(FILE)
    place.write_bytes(b"damaged")

    assert store(tmp_path, mirror).get(FILE).read_bytes().startswith(ENGINE)
    assert len(mirror.requests) == 6


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("404", "no checksum"),
        ("500", "500"),
        ("no sums", "no checksum"),
        ("wrong sum", "checksum mismatch"),
        ("wrong packed sum", "checksum mismatch"),
        ("cut off", "cannot be fetched"),
        ("html", "is not a gzip file|checksum mismatch"),
        ("not gzip", "is not a gzip file"),
        ("hangs", "no answer in time"),
    ],
)
def test_whatever_the_mirror_does_wrong_is_named_and_leaves_nothing(
    tmp_path: Path, mirror: Mirror, fault: Fault, message: str
) -> None:
    mirror.fault = fault

    with pytest.raises(EnvironmentFault, match=message) as raised:
        store(tmp_path, mirror).get(FILE)

    assert raised.value.where.startswith(mirror.address)
    assert raised.value.fix
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_mirror_that_recovers_is_asked_again(tmp_path: Path, mirror: Mirror) -> None:
    mirror.fault, mirror.faults_left = "500", 2

    assert store(tmp_path, mirror).get(FILE).is_file()


def test_sums_may_be_missing_where_the_user_says_so(tmp_path: Path, mirror: Mirror) -> None:
    mirror.fault = "no sums"

    place = store(tmp_path, mirror, PRISMA_ENGINES_CHECKSUM_IGNORE_MISSING="1").get(FILE)

    assert place.read_bytes().startswith(ENGINE)


def test_the_older_variable_is_the_stronger_one_and_other_schemes_are_refused(tmp_path: Path, mirror: Mirror) -> None:
    with pytest.raises(EnvironmentFault, match="http or https"):
        store(tmp_path, mirror, PRISMA_BINARIES_MIRROR="file:///etc").get(FILE)


def test_nobody_at_the_address(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="cannot be fetched"):
        EngineStore(tmp_path, {"no_proxy": "127.0.0.1"}, timeout_seconds=1).get(FILE)


def test_provided_files_have_the_clients_names_and_may_run(tmp_path: Path, mirror: Mirror) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "mine.node").write_bytes(b"\x7fELF")
    own = replace(FILE, binary_target="debian-openssl-3.0.x", local="mine.node")

    store(tmp_path / "cache", mirror).provide((FILE, own), tmp_path / "engines", tmp_path / "app")

    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "engines").iterdir()} == {
        FILE.file: 0o755,
        own.file: 0o755,
    }


@pytest.mark.parametrize(("content", "message"), [(None, "names no file"), (b"", "empty file")])
def test_a_named_engine_that_is_none(tmp_path: Path, mirror: Mirror, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "gone.node").write_bytes(content)

    with pytest.raises(ArtifactError, match=message):
        store(tmp_path, mirror).provide((replace(FILE, local="gone.node"),), tmp_path / "engines", tmp_path)
