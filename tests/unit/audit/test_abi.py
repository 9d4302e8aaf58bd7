from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests.support.elfs import EM_386, EM_AARCH64, ET_EXEC, ET_REL, ElfSpec, write_elf
from tests.support.mounts import MACHO, PE, findings, target, verdict

LOADER = "/lib64/ld-linux-x86-64.so.2"


@pytest.mark.parametrize(
    ("spec", "code", "words"),
    [
        pytest.param(ElfSpec(machine=EM_386, bits=32, needed=["libc.so.6"]), "ABI001", "32-bit x86", id="i386"),
        pytest.param(ElfSpec(bits=32, needed=["libc.so.6"]), "ABI005", "32-bit little-endian", id="x32"),
        pytest.param(ElfSpec(little_endian=False, needed=["libc.so.6"]), "ABI005", "big-endian", id="big-endian"),
        pytest.param(ElfSpec(needed=["libc.so", "libdl.so", "libm.so"]), "ABI003", "bionic", id="android"),
        pytest.param(ElfSpec(needed=["libc.so.12"]), "ABI005", "NetBSD", id="netbsd"),
        pytest.param(
            ElfSpec(type=ET_EXEC, needed=["libc.so.6"], interpreter="/nix/store/x/ld-linux-x86-64.so.2"),
            "ABI004",
            "/nix/store",
            id="nix",
        ),
        pytest.param(
            ElfSpec(type=ET_EXEC, needed=["libc.musl-x86_64.so.1"], interpreter="/lib/ld-musl-x86_64.so.1"),
            "ABI003",
            "musl",
            id="musl-program",
        ),
        pytest.param(ElfSpec(needed=["libc.so.6"], skew=0x800), "ABI006", "not aligned", id="skewed"),
        pytest.param(ElfSpec(needed=["libc.so.6"], align=16), "ABI006", "not to a page", id="align"),
    ],
)
def test_what_does_not_load(spec: ElfSpec, code: str, words: str) -> None:
    (found,) = findings({"bin/x": write_elf(spec)})
    assert (found.code, found.severity) == (code, "error")
    assert words in found.message
    assert found.fix


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(ElfSpec(type=ET_EXEC), id="static"),
        pytest.param(ElfSpec(type=ET_EXEC, needed=["libc.so.6"], interpreter=LOADER), id="program"),
        pytest.param(ElfSpec(needed=["libc.so.6"], interpreter=LOADER), id="pie"),
        pytest.param(ElfSpec(needed=["libc.so.6"]), id="library"),
        pytest.param(ElfSpec(machine=EM_AARCH64, type=ET_REL), id="object-file"),
        pytest.param(ElfSpec(needed=["libc.so.6"], isa_needed=4), id="x86-64-v3"),
    ],
)
def test_what_loads(spec: ElfSpec) -> None:
    assert not verdict({"bin/x": write_elf(spec)})


def test_the_loader_path_of_arm64() -> None:
    arm = ElfSpec(machine=EM_AARCH64, needed=["libc.so.6"], interpreter="/lib/ld-linux-aarch64.so.1")
    assert not verdict({"bin/x": write_elf(arm)}, target(arch="arm64"))
    other = replace(arm, interpreter=LOADER)
    assert verdict({"bin/x": write_elf(other)}, target(arch="arm64")) == [("error", "ABI004", "bin/x")]


def test_large_alignment_matters_only_to_older_glibc() -> None:
    # Offset and address agree modulo a page, but not modulo p_align: glibc before 2.35 refuses it.
    data = write_elf(needed=["libc.so.6"], align=0x10000)
    assert verdict({"a.so": data}) == [("error", "ABI006", "a.so")]
    newer = replace(target(), baseline=msgspec.structs.replace(target().baseline, glibc=(2, 36)))
    assert not verdict({"a.so": data}, newer)


def test_mach_o_and_pe() -> None:
    assert verdict({"a.node": MACHO, "b.node": PE}) == [("error", "ABI007", "a.node"), ("error", "ABI007", "b.node")]
    messages = [each.message for each in findings({"a.node": MACHO, "b.node": PE})]
    assert "macOS" in messages[0]
    assert "Windows" in messages[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"module.exports = 1\n", "text"),
        (write_elf(needed=["libc.so.6"])[:300], "truncated"),
    ],
)
def test_unreadable(data: bytes, words: str) -> None:
    (found,) = findings({"a.node": data})
    assert (found.code, found.severity) == ("ABI008", "error")
    assert words in found.message


def test_warnings() -> None:
    assert verdict({"a.so": write_elf(needed=["libc.so.6"], executable_stack=True)}) == [("warning", "ABI009", "a.so")]
    assert verdict({"a.so": write_elf(needed=["libc.so.6"], isa_needed=8)}) == [("warning", "ABI011", "a.so")]


def test_one_finding_per_file_and_library_names_the_highest_version() -> None:
    data = write_elf(
        needed=["libm.so.6", "libc.so.6", "libstdc++.so.6"],
        versions={
            "libm.so.6": ["GLIBC_2.29", "GLIBC_2.38"],
            "libc.so.6": ["GLIBC_2.35", "GLIBC_2.17"],
            "libstdc++.so.6": ["GLIBCXX_3.4.30", "CXXABI_1.3.9"],
        },
    )
    found = findings({"a.node": data})
    assert [each.code for each in found] == ["ABI002", "ABI002"]
    assert "needs GLIBC_2.38 of libm.so.6 (for use_GLIBC_2_38)" in found[0].message
    assert "needs GLIBCXX_3.4.30 of libstdc++.so.6" in found[1].message


def test_features_count_as_versions_and_weak_needs_do_not() -> None:
    relr = write_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_ABI_DT_RELR"]})
    assert verdict({"a.so": relr}) == [("error", "ABI002", "a.so")]
    weak = write_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.99"]}, weak=frozenset({"GLIBC_2.99"}))
    assert not verdict({"a.so": weak})


def test_a_compiled_addon_gets_the_answer_for_a_compiled_addon() -> None:
    data = write_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.36"]})
    (found,) = findings({"node_modules/x/build/Release/x.node": data})
    assert found.fix.startswith("it was compiled on a newer system")
    assert "--builder docker" in found.fix
