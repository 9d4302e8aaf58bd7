"""Eight traps that real packages set, each rebuilt as a file that says the same of itself."""

from __future__ import annotations

from tests.support.elfs import EM_AARCH64, OSABI_FREEBSD, ElfSpec, write_elf
from tests.support.mounts import findings, target, verdict

AL2, AL2023 = target("nodejs18.x"), target("nodejs22.x")
CXX = ("libstdc++.so.6", "libgcc_s.so.1")


def glibc(version: str, *needed: str, **changes: object) -> bytes:
    return write_elf(needed=(*needed, "libc.so.6"), versions={"libc.so.6": (f"GLIBC_{version}",)}, **changes)


def test_1_a_glibc_version_counts_only_for_the_library_it_is_asked_from() -> None:
    """bcrypt.musl.node for arm64 asks GLIBC_2.0 of libgcc_s.so.1; its NEEDED says musl."""
    addon = write_elf(
        machine=EM_AARCH64, needed=(*CXX, "libc.so"), versions={"libgcc_s.so.1": ("GLIBC_2.0", "GCC_3.0")}
    )
    found = findings({"node_modules/bcrypt/build/Release/bcrypt.node": addon}, target("nodejs22.x", "arm64"))
    assert [(each.severity, each.code) for each in found] == [("error", "ABI003")]
    assert "linked with musl" in found[0].message
    # The same version of libgcc_s on a glibc addon is nothing to complain of, however high.
    fine = write_elf(needed=(*CXX, "libc.so.6"), versions={"libgcc_s.so.1": ("GLIBC_9.9",)})
    assert not verdict({"a.node": fine}, AL2)


def test_2_musl_is_told_by_needed_in_both_spellings() -> None:
    for soname in ("libc.so", "libc.musl-x86_64.so.1"):
        assert verdict({"a.node": write_elf(needed=(soname,))}) == [("error", "ABI003", "a.node")]


def test_3_a_wrong_machine_is_named_as_such() -> None:
    (found,) = findings({"a.node": glibc("2.17", machine=EM_AARCH64)})
    assert (found.code, found.severity) == ("ABI001", "error")
    assert "built for arm64" in found.message
    assert "runs x86_64" in found.message
    assert "--cpu=x64" in found.fix


def test_4_the_leaf_is_fine_and_its_dependency_is_not() -> None:
    """Sharp asks 2.17, its libvips 2.28."""
    files = {
        "node_modules/@img/sharp-linux-x64/lib/sharp-linux-x64.node": glibc(
            "2.17", "libvips-cpp.so.8", rpath="$ORIGIN/../../sharp-libvips-linux-x64/lib"
        ),
        "node_modules/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8": glibc("2.28", soname="libvips-cpp.so.8"),
    }
    assert not verdict(files, AL2023)
    (found,) = findings(files, AL2)
    assert (found.code, found.subject) == (
        "ABI002",
        "node_modules/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8",
    )
    assert "GLIBC_2.28 of libc.so.6 (for use_GLIBC_2_28)" in found.message
    assert "up to 2.26" in found.message
    assert "loaded by node_modules/@img/sharp-linux-x64/lib/sharp-linux-x64.node" in found.message
    assert found.package == "@img/sharp-libvips-linux-x64@1.0.0"
    # Without its sibling the leaf does not load at all.
    del files["node_modules/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8"]
    (found,) = findings(files, AL2023)
    assert found.code == "LIB001"
    assert "@img/sharp-libvips-linux-x64 belongs with @img/sharp-linux-x64" in found.fix


def test_5_a_file_name_says_nothing_about_the_system() -> None:
    """argon2 ships freebsd-x64/argon2.glibc.node."""
    path = "node_modules/argon2/build/argon2.glibc.node"
    for spec in (
        ElfSpec(os_abi=OSABI_FREEBSD, needed=("libc++.so.1", "libc.so.7")),
        ElfSpec(needed=("libthr.so.3", "libc.so.7")),
    ):
        (found,) = findings({path: write_elf(spec)})
        assert (found.code, found.severity) == ("ABI005", "error")
        assert "built for FreeBSD" in found.message


def test_6_a_clean_file_gets_no_promise_beyond_the_abi() -> None:
    """argon2 0.45.1 satisfies AL2023 on paper; that Node 20 crashes on it is for the proof to see."""
    addon = write_elf(needed=(*CXX, "libc.so.6"), versions={"libc.so.6": ("GLIBC_2.34",)})
    assert not verdict({"a.node": addon}, AL2023)
    assert verdict({"a.node": addon}, AL2) == [("error", "ABI002", "a.node")]


def test_7_old_libraries_that_glibc_swallowed_are_normal() -> None:
    old = write_elf(
        needed=("librt.so.1", "libdl.so.2", "libpthread.so.0", "libm.so.6", "libc.so.6"),
        versions=dict.fromkeys(("librt.so.1", "libdl.so.2", "libpthread.so.0", "libc.so.6"), ("GLIBC_2.2.5",)),
    )
    assert not verdict({"a.node": old}, AL2)
    assert not verdict({"a.node": old}, AL2023)


def test_8_one_minor_version_decides() -> None:
    """A wheel tagged manylinux_2_27 really asks 2.27: Amazon Linux 2 has 2.26."""
    for version, expected in (("2.26", []), ("2.27", [("error", "ABI002", "x.abi3.so")])):
        assert verdict({"x.abi3.so": glibc(version)}, target("python3.11")) == expected
    assert not verdict({"x.abi3.so": glibc("2.27")}, target("python3.12"))
