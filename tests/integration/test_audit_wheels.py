"""Our reading of wheels against auditwheel's, ELF file by ELF file: highest symbol versions and external libraries.

auditwheel comes from PyPI into an environment of its own; it is asked as a library, for what it sees in each wheel.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from packager.inventory.archive import scan
from tests.support.registry import wheel

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.inventory import ElfFacts

pytestmark = pytest.mark.network

_X86 = "manylinux_2_28_x86_64+manylinux_2_27_x86_64+manylinux_2_17_x86_64+manylinux2014_x86_64+manylinux1_x86_64"
_ARM = "manylinux_2_28_aarch64+manylinux_2_27_aarch64+manylinux_2_17_aarch64+manylinux2014_aarch64"
FEW = ("cryptography manylinux_2_28_x86_64", "psycopg2-binary musllinux_1_2_x86_64", "pillow manylinux_2_28_aarch64")
MANY = (
    *FEW,
    *(
        f"{name} {_X86}"
        for name in (
            "numpy", "pandas", "scipy", "pillow", "lxml", "aiohttp", "yarl", "multidict", "frozenlist", "msgpack",
            "ujson", "orjson", "pyyaml", "markupsafe", "psycopg2-binary", "pymongo", "grpcio", "protobuf", "bcrypt",
            "pynacl", "cffi", "greenlet", "sqlalchemy", "regex", "rpds-py", "pydantic-core", "tokenizers", "tiktoken",
            "zstandard", "lz4", "brotli", "uvloop", "httptools", "watchfiles", "h5py", "shapely", "pyzmq", "kiwisolver",
        )
    ),
    *(f"{name} musllinux_1_2_x86_64" for name in ("numpy", "cffi", "aiohttp", "lxml", "cryptography", "markupsafe")),
    *(f"{name} {_ARM}" for name in ("numpy", "orjson", "grpcio")),
)  # fmt: skip

ASK = """
import json, sys, zipfile, io
from elftools.elf.elffile import ELFFile
from auditwheel.elfutils import elf_find_versioned_symbols, elf_read_dt_needed
import tempfile, pathlib
said = {}
for wheel in sys.argv[1:]:
    files = said[wheel] = {}
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if not path.is_file() or path.read_bytes()[:4] != b"\\x7fELF":
                continue
            with path.open("rb") as stream:
                elf = ELFFile(stream)
                versions = sorted(set(elf_find_versioned_symbols(elf)))
                if elf.get_section_by_name(".dynamic") is None:
                    continue
            try:
                needed = sorted(elf_read_dt_needed(path))
            except ValueError:
                needed = []  # its way of saying that there is no .dynamic
            files[str(path.relative_to(folder))] = {"versions": versions, "needed": needed}
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment with auditwheel."""
    folder = tmp_path_factory.mktemp("auditwheel")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    command = "-m pip install -q --disable-pip-version-check auditwheel>=6"
    install = [str(folder / "bin/python"), *command.split()]
    subprocess.run(install, check=True, timeout=300, capture_output=True)
    return folder / "bin/python"


def highest(versions: list[tuple[str, str]], prefix: str) -> tuple[int, ...]:
    """Return the highest numbered version of a family; () for none."""
    numbers = [version.removeprefix(prefix).split(".") for _, version in versions if version.startswith(prefix)]
    return max((tuple(map(int, each)) for each in numbers if all(part.isdigit() for part in each)), default=())


def ours(elf: ElfFacts) -> dict[str, Any]:
    """Return the facts auditwheel has, by our reading. It leaves out what is asked of the dynamic linker itself.

    That is ``__tls_get_addr`` of GLIBC_2.3, for files whose other needs are still older: no system lacks it.
    """
    asked = [need for need in elf.versions_needed if not need.soname.startswith("ld-linux")]
    return {
        "versions": [(need.soname, need.version) for need in asked],
        "needed": sorted(elf.needed),
    }


def differences(wheels: list[Path], python: Path) -> tuple[list[str], int]:
    """Return every difference, with file and both sides, and how many files were compared."""
    done = subprocess.run([python, "-c", ASK, *wheels], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    found, compared = [], 0
    for path in wheels:
        facts = {file.path: ours(file.elf) for file in scan(path).files if file.elf and file.elf.type != "relocatable"}
        rows = theirs[str(path)]
        for name in sorted(facts.keys() | rows.keys()):
            compared += 1
            mine, other = facts.get(name), rows.get(name)
            if mine is None or other is None:
                found.append(
                    f"{path.name}!{name}: only {'auditwheel' if mine is None else 'packager'} sees an ELF file"
                )
                continue
            for family in ("GLIBC_", "GLIBCXX_", "CXXABI_", "GCC_"):
                left, right = highest(mine["versions"], family), highest(other["versions"], family)
                if left != right:
                    found.append(f"{path.name}!{name}: {family} {left} here, {right} by auditwheel")
            if mine["needed"] != other["needed"]:
                found.append(f"{path.name}!{name}: needs {mine['needed']} here, {other['needed']} by auditwheel")
    return found, compared


@pytest.mark.parametrize("specs", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.heavy)])
def test_auditwheel_reads_the_same(specs: tuple[str, ...], python: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheels = []
    for spec in specs:
        name, platform = spec.split()
        wheels.append(wheel(name, platform, "3.12"))
    found, compared = differences(wheels, python)
    with capsys.disabled():
        sys.stderr.write(f" {len(wheels)} wheels, {compared} ELF files, {len(found)} differences ")
    assert not found, "\n".join(found)
