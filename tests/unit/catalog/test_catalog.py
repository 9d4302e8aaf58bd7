"""Our own facts are complete and consistent, and a broken file is named with its key."""

from __future__ import annotations

import datetime
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from packager.builders.invocations import invocations_for
from packager.catalog.current import load_catalog
from packager.catalog.finding_codes.registry import CODES
from packager.catalog.loading import load
from packager.cli import run
from packager.core.document import read_yaml
from packager.core.errors import CatalogError, ConfigError
from packager.core.resources import bundled, catalog_folder
from packager.hosts.registry import HOSTS
from packager.model.targets import parse_version
from tests.support.fakes import make_bundle, make_job

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.targets import Target

CATALOG = load_catalog()
TARGETS = [
    CATALOG.target(name, runtime, arch)
    for host in CATALOG.hosts.values()
    for name in host.kinds
    for runtime in host.runtimes
    for arch in host.arches
]
IDS = [target.title for target in TARGETS]


@pytest.mark.parametrize("runtime", [
    "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x", "python3.11", "python3.12", "python3.13", "python3.14",
    "provided.al2", "provided.al2023",
])  # fmt: skip
@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
@pytest.mark.parametrize("name", ["aws-lambda", "aws-lambda-layer"])
def test_lambdas_runtimes_are_there(name: str, runtime: str, arch: str) -> None:
    target = CATALOG.target(name, runtime, arch)  # type: ignore[arg-type]

    assert target.kind == ("layer" if name.endswith("layer") else "function")
    assert target.budget.unzipped == 262_144_000
    assert target.budget.zipped == 52_428_800


@pytest.mark.parametrize(
    ("runtime", "baseline", "glibc"), [("nodejs18.x", "lambda-al2", (2, 26)), ("nodejs22.x", "lambda-al2023", (2, 34))]
)
def test_lambdas_systems_are_not_mixed_up(runtime: str, baseline: str, glibc: tuple[int, ...]) -> None:
    target = CATALOG.target("aws-lambda", runtime, "x86_64")

    assert (target.baseline.name, target.baseline.glibc) == (baseline, glibc)


@pytest.mark.parametrize("target", TARGETS, ids=IDS)
def test_every_target_can_be_used(target: Target) -> None:
    assert target.provider in HOSTS
    assert (bundled("dockerfiles") / f"{target.platform.family}.Dockerfile").exists() or (
        bundled("dockerfiles") / target.platform.family
    ).is_dir()
    assert target.source
    datetime.date.fromisoformat(target.checked)
    if target.until:
        datetime.date.fromisoformat(target.until)
    assert "{" not in str(target.system.environment)
    assert target.baseline.has("libc.so.6", target.arch)


def test_every_fact_has_a_source_and_a_date() -> None:
    dated: list[tuple[str, str]] = [(fact.source, fact.checked) for fact in CATALOG.baselines.values()]
    dated += [(fact.source, fact.checked) for fact in CATALOG.platforms.values()]
    for source, checked in (*dated, *((host.source, host.checked) for host in CATALOG.hosts.values())):
        assert source
        datetime.date.fromisoformat(checked)
    for engine in CATALOG.engines:
        assert engine.source
        assert engine.packages


def test_newer_systems_contain_the_older_ones_symbols() -> None:
    older, newer = CATALOG.baselines["lambda-al2"], CATALOG.baselines["lambda-al2023"]

    assert older.glibc < newer.glibc
    assert older.glibcxx < newer.glibcxx
    assert older.cxxabi < newer.cxxabi


def test_every_platforms_builders_steps_can_be_made() -> None:
    for platform in CATALOG.platforms.values():
        assert invocations_for(make_job(platform=platform, libc=platform.libc, generate=("x",)))


def test_unknown_names_are_guessed_at() -> None:
    with pytest.raises(ConfigError, match="did you mean 'aws-lambda'"):
        CATALOG.host("aws-lamda")
    with pytest.raises(ConfigError, match=r"did you mean 'python3\.12'"):
        CATALOG.target("aws-lambda", "python3.12.x", "x86_64")
    with pytest.raises(ConfigError, match="no architecture 'mips'"):
        CATALOG.target("aws-lambda", "nodejs22.x", "mips")  # type: ignore[arg-type]


def test_a_dotted_version_is_numbers() -> None:
    assert parse_version("2.34") > parse_version("2.4")
    with pytest.raises(ValueError, match="invalid literal"):
        parse_version("2.x")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the catalog's files to break."""
    return shutil.copytree(catalog_folder(), tmp_path / "catalog", ignore=shutil.ignore_patterns("*.py", "__pycache__"))


def test_the_copy_loads(copy: Path) -> None:
    assert load(copy) == CATALOG


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("platforms/amazonlinux2023.yaml", "lambda-al2023", "lambda-al2024", "no baseline 'lambda-al2024'"),
        ("platforms/amazonlinux2023.yaml", "libc: glibc", "libc: musl", "is musl here, but glibc in baseline"),
        ("platforms/amazonlinux2023.yaml", "libc: glibc", "libc: uclibc", "libc"),
        ("platforms/amazonlinux2023.yaml", "name: amazonlinux2023", "name: al2023", "the file is called"),
        ("platforms/amazonlinux2023.yaml", "family:", "famly:", "famly"),
        ("baselines/lambda-al2023.yaml", "glibc: ", "glibc: x", "not a dotted version"),
        ("targets/aws-lambda.yaml", "platform: amazonlinux2,", "platform: amazonlinux9,", "no platform 'amazonlinux9'"),
        ("baselines/lambda-al2023.yaml", "libc: glibc", "libc: musl", "only a glibc system has a glibc version"),
        ("targets/aws-lambda.yaml", "nodejs: nodejs22.x", "nodejs: nodejs99.x", "no nodejs runtime 'nodejs99.x'"),
        ("targets/aws-lambda.yaml", "  python: python\n", "", "there is no layer path for 'python'"),
        ("targets/aws-lambda.yaml", "zipped: 52428800", "zipped: 50mb", "Expected"),
        ("targets/aws-lambda.yaml", "layers: 5", "zipped_by_user: true", "not to a host's limits"),
        ("targets/aws-lambda.yaml", "language: python, ", "language: snake, ", "snake"),
        ("targets/aws-lambda.yaml", "    python:\n      PYTHONPATH", "    snake:\n      PYTHONPATH", "snake"),
        ("baselines/lambda-al2.yaml", 'ZLIB: "1.2.7"', 'ZLIB: "1.x"', "ZLIB: '1.x' is not a dotted version"),
        ("baselines/lambda-al2.yaml", "versions: {", "versions: [{", ""),
        ("binary_targets/prisma.yaml", "families: {amazonlinux: rhel, ", "families: {", "no family 'rhel'"),
        ("binary_targets/prisma.yaml", "x86_64: linux-musl,", "x86_64: linux-must,", "not among the known names"),
        ("engines/prisma-5-library.yaml", "binary_targets: prisma", "binary_targets: prism", "'prism'"),
        ("engines/prisma-5-library.yaml", "  binary_targets: prisma\n", "", "catalog/binary_targets has no file None"),
        ("engines/prisma-5-library.yaml", "when: {", "when: {generator: {a: b}, ", "generator: Expected"),
        ("engines/sharp.yaml", "siblings: {", "siblings: {1: 2, ", "1: Expected"),
        ("engines/sharp.yaml", "rules:", "rules: [", ""),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_with_its_key(copy: Path, file: str, old: str, new: str, message: str) -> None:
    path = copy / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))

    with pytest.raises(CatalogError) as caught:
        load(copy)

    assert file.rpartition("/")[2] in caught.value.where
    assert message in caught.value.message


@pytest.mark.parametrize("arguments", [["targets"], ["targets", "--json"]])
def test_an_error_in_our_own_catalog_is_our_bug(
    copy: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copy / "platforms" / "debian-bookworm.yaml"
    path.write_text(path.read_text().replace("baseline: debian-12", "baseline: debian-21"))
    monkeypatch.setattr("packager.core.resources.catalog_folder", lambda: copy)
    load_catalog.cache_clear()

    try:
        assert run(arguments) == 70
    finally:
        load_catalog.cache_clear()

    out, err = capsys.readouterr()
    assert "Traceback" in err
    assert f"{path}: baseline: there is no baseline 'debian-21'" in err
    assert "this is a bug in packager" in err
    error = json.loads(out)["error"] if "--json" in arguments else {"exit_code": 70}
    assert error["exit_code"] == 70


@pytest.mark.parametrize(
    "path", sorted(catalog_folder().rglob("*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_no_file_has_a_key_twice(path: Path) -> None:
    assert read_yaml(path)


def test_codes_of_findings_are_explained() -> None:
    for code, entry in CODES.items():
        assert code[:3].isalpha(), code
        assert entry.title
        assert entry.meaning
        assert entry.fix


def test_made_up_bundles_of_the_tests_follow_the_catalog() -> None:
    assert make_bundle(target="aws-lambda-layer").kind == "layer"
