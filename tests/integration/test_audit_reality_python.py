"""The verdict against reality, for Python: wheels imported and files opened on three Debian releases, and by musl."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from packager.audit.judge import audit_archive
from packager.catalog.current import load_catalog
from packager.inventory.archive import scan
from tests.support.mounts import target
from tests.support.reality import ASK, TRY, by_luck, compare, of_musl, python_image, question, tried, verdicts
from tests.support.registry import unpacked, wheel

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.findings import Finding
    from packager.model.targets import Target

pytestmark = [pytest.mark.network, pytest.mark.docker]

GNU = "manylinux2014_x86_64+manylinux_2_17_x86_64+manylinux_2_27_x86_64+manylinux_2_28_x86_64+manylinux1_x86_64"
MUSL = "musllinux_1_1_x86_64+musllinux_1_2_x86_64"
ARM = "manylinux2014_aarch64+manylinux_2_28_aarch64"
OTHER = "3.12"
"""A Python that none of the releases has."""


@dataclass(frozen=True)
class Wheel:
    """A wheel, and the module whose import loads its native part."""

    spec: str
    module: str
    platform: str = GNU
    python: str = ""
    """Empty: the release's own."""
    heavy: bool = False
    beside: str = ""
    """A package it imports, put beside it."""

    @property
    def folder(self) -> str:
        return f"{self.spec}-{self.platform.partition('_')[0]}{self.platform.rpartition('_')[2]}-{self.python or 'own'}"


WHEELS = (
    Wheel("psycopg2-binary", "psycopg2"),
    Wheel("cryptography", "cryptography.hazmat.bindings._rust", beside="cffi"),
    Wheel("cryptography", "cryptography.hazmat.bindings._rust", "manylinux_2_34_x86_64", beside="cffi"),
    Wheel("lxml", "lxml.etree"),
    Wheel("orjson", "orjson"),
    Wheel("pydantic-core", ""),
    Wheel("bcrypt", "bcrypt"),
    Wheel("pillow", "PIL._imaging"),
    Wheel("msgpack", "msgpack._cmsgpack"),
    Wheel("greenlet", "greenlet"),
    Wheel("pyyaml", "yaml._yaml"),
    Wheel("zstandard", "zstandard.backend_c"),
    Wheel("cffi", "_cffi_backend"),
    Wheel("psutil", "psutil"),
    Wheel("ninja", ""),
    # For another Python, another machine, another C library.
    Wheel("orjson", "orjson", python=OTHER),
    Wheel("greenlet", "greenlet", python=OTHER),
    Wheel("bcrypt", "bcrypt", python=OTHER),
    Wheel("orjson", "orjson", ARM),
    Wheel("cryptography", "cryptography.hazmat.bindings._rust", ARM),
    Wheel("psycopg2-binary", "psycopg2", MUSL),
    Wheel("orjson", "orjson", MUSL),
    Wheel("cryptography", "cryptography.hazmat.bindings._rust", MUSL),
    Wheel("greenlet", "greenlet", MUSL),
    Wheel("numpy", "numpy", heavy=True),
    Wheel("numpy", "numpy", python=OTHER, heavy=True),
    Wheel("numpy", "numpy", MUSL, heavy=True),
    Wheel("pandas", "", heavy=True),
    Wheel("grpcio", "", heavy=True),
    Wheel("scikit-learn", "", heavy=True),
    Wheel("shapely", "", heavy=True),
    Wheel("pyarrow", "", heavy=True),
    Wheel("uv", "", heavy=True),
    Wheel("uv", "", MUSL, heavy=True),
    Wheel("ruff", "", MUSL, heavy=True),
    Wheel("lxml", "lxml.etree", MUSL, heavy=True),
    Wheel("pillow", "PIL._imaging", MUSL, heavy=True),
)
"""Without a module: the import would need other packages, or it is a program."""


@dataclass(frozen=True)
class Release:
    """A Debian release with the Python it has."""

    suite: str
    baseline: str
    python: str

    def target(self) -> Target:
        base = target("python3.11")
        return replace(
            base,
            runtime=f"python{self.python}",
            language_version=self.python,
            baseline=load_catalog().baselines[self.baseline],
            system=msgspec.structs.replace(base.system, library_path=()),
        )


RELEASES = [
    pytest.param(Release("bullseye", "debian-11", "3.9"), id="bullseye", marks=pytest.mark.heavy),
    pytest.param(Release("bookworm", "debian-12", "3.11"), id="bookworm"),
    pytest.param(Release("trixie", "debian-13", "3.13"), id="trixie", marks=pytest.mark.heavy),
]


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> Release:
    found: Release = request.param
    return found


@pytest.fixture(scope="module")
def wheels(request: pytest.FixtureRequest) -> list[Wheel]:
    """Return what is tried: everything where many minutes are allowed, else the smaller half."""
    return [each for each in WHEELS if not each.heavy or request.config.getoption("--run-heavy")]


@pytest.fixture(scope="module")
def tree(release: Release, wheels: list[Wheel], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a folder per wheel, and the program that tries them."""
    folder = tmp_path_factory.mktemp("reality") / "task"
    for each in wheels:
        # pip asks for scripts' executables to be put into bin/; the wheel holds them in its own place.
        place = folder / each.folder
        for spec in filter(None, (each.spec, each.beside)):
            platform = each.platform if spec == each.spec else GNU
            unpacked(wheel(spec, platform, each.python or f"{release.python}.2"), place)
        for file in place.glob("*.data/scripts/*"):
            file.chmod(0o755)
    (folder / "try.py").write_text(TRY)
    return folder


def test_yes_means_it_can_be_imported(
    release: Release, wheels: list[Wheel], tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wheel without an error is one whose native module this Python imports."""
    asked = {each.folder: f"import /var/task/{each.folder} {each.module}" for each in wheels if each.module}
    answers = tried(python_image(release.suite), tree, ASK, list(asked.values()))
    said = {
        name: [
            each
            for each in audit_archive(tree / name, [], release.target())
            if each.severity == "error" and not each.code.startswith("SEC")
        ]
        for name in asked
    }
    real = dict(zip(asked, answers, strict=True))
    assert not compare(f"{release.suite}, imports", said, real, capsys)


def test_yes_means_it_opens(release: Release, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File by file, programs too: what has no error is opened by the system's loader."""
    inventory = scan(tree)
    said = _files(verdicts(inventory, release.target()))
    assert len(said) >= 25
    asked = [question(path, inventory) for path in said]
    real = dict(zip(said, tried(python_image(release.suite), tree, ASK, asked), strict=True))
    assert not compare(f"{release.suite}, files", said, real, capsys)


def test_yes_means_that_musl_loads_it(release: Release, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same files by musl's loader, which maps, resolves and relocates, against a system that has musl only."""
    inventory = scan(tree)
    said = _files(verdicts(inventory, of_musl(release.target())))
    asked = [question(path, inventory, musl=True) for path in said]
    answers = dict(zip(said, tried(python_image(release.suite), tree, ASK, asked), strict=True))
    lucky = by_luck(said, answers)
    rest = {path: found for path, found in said.items() if path not in lucky}
    assert not compare(f"{release.suite}, musl, besides {len(lucky)} of glibc taken by luck", rest, answers, capsys)


def _files(said: dict[str, list[Finding]]) -> dict[str, list[Finding]]:
    """Return verdicts without wheels for another Python: those are refused whether their files open or not."""
    return {path: found for path, found in said.items() if f"-{OTHER}/" not in path}
