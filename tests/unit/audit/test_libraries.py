from __future__ import annotations

import pytest

from packager.audit.judge import audit
from tests.support.elfs import EM_AARCH64, ET_EXEC, write_elf
from tests.support.mounts import findings, mounted, target, verdict

LOADER = "/lib64/ld-linux-x86-64.so.2"
LIB = write_elf(soname="libx.so.1", needed=["libc.so.6"])


def user(**changes: object) -> bytes:
    return write_elf(needed=["libx.so.1", "libc.so.6"], **changes)


@pytest.mark.parametrize(
    ("addon", "library", "changes"),
    [
        pytest.param("a/a.node", "a/libx.so.1", {"runpath": "$ORIGIN"}, id="runpath"),
        pytest.param("a/b/a.node", "lib2/libx.so.1", {"rpath": "/nowhere:${ORIGIN}/../../lib2"}, id="rpath"),
        pytest.param("a/a.node", "lib/libx.so.1", {}, id="ld-library-path-lib"),
        pytest.param("a/a.node", "libx.so.1", {}, id="ld-library-path-root"),
        pytest.param("a/a.node", "deep/libx.so.1", {"runpath": "/var/task/deep"}, id="absolute"),
        pytest.param("a/a.node", "deep/libx.so.1", {"runpath": "deep"}, id="relative-to-the-root"),
    ],
)
def test_found(addon: str, library: str, changes: dict[str, object]) -> None:
    assert not verdict({addon: user(**changes), library: LIB})


@pytest.mark.parametrize(
    ("library", "changes"),
    [
        pytest.param("a/libx.so.1", {}, id="beside-it-without-a-path"),
        pytest.param("other/libx.so.1", {"runpath": "$ORIGIN"}, id="elsewhere"),
        pytest.param("r/libx.so.1", {"rpath": "$ORIGIN/../r", "runpath": "$ORIGIN"}, id="rpath-loses-to-runpath"),
    ],
)
def test_there_but_not_found(library: str, changes: dict[str, object]) -> None:
    (found,) = findings({"a/a.node": user(**changes), library: LIB})
    assert (found.code, found.severity, found.subject) == ("LIB001", "error", "a/a.node")
    assert f"the one at {library} is not where the loader looks" in found.message
    assert "/var/task/lib" in found.fix


def test_missing_and_known_to_be_missing() -> None:
    (found,) = findings({"q.node": write_elf(needed=["libssl.so.1.1", "libc.so.6"])})
    assert found.code == "LIB001"
    assert "needs libssl.so.1.1, which Amazon Linux 2023 lacks" in found.message
    assert "OpenSSL" in found.fix
    (found,) = findings({"q.node": write_elf(needed=["libweird.so.3", "libc.so.6"])})
    assert "does not provide" in found.message


def test_all_that_is_missing_is_one_finding() -> None:
    (found,) = findings({"q.node": write_elf(needed=["libssl.so.1.1", "libcrypto.so.1.1", "libodd.so.2", "libc.so.6"])})
    assert "needs libssl.so.1.1, libcrypto.so.1.1 and libodd.so.2, which" in found.message
    assert found.fix.count("OpenSSL (3)") == 1
    assert "put libodd.so.2" in found.fix


def test_an_engine_for_each_openssl() -> None:
    engine = write_elf(needed=["libssl.so.10", "libc.so.6"])
    assert not verdict({"q.node": engine}, target("nodejs18.x"))
    assert verdict({"q.node": engine}, target("nodejs22.x")) == [("error", "LIB001", "q.node")]


def test_image_only_is_a_warning() -> None:
    assert verdict({"a.node": write_elf(needed=["libcurl.so.4", "libc.so.6"])}) == [("warning", "LIB002", "a.node")]


def test_layers_help() -> None:
    layer = mounted({"lib/libx.so.1": LIB}, "/opt", judged=False)
    assert not audit([layer, mounted({"a.node": user()})], target())
    (found,) = audit([mounted({"a.node": user()}, name="dist/f.zip")], target())
    assert found.subject == "dist/f.zip!a.node"


def test_faults_of_layers_are_not_the_functions() -> None:
    broken = mounted({"lib/libx.so.1": write_elf(soname="libx.so.1", needed=["libno.so"])}, "/opt", judged=False)
    assert not audit([broken, mounted({"a.node": user()})], target())


def test_rpath_is_inherited_and_runpath_is_not() -> None:
    """GNU: DT_RPATH of the file that needs a library serves that library too; DT_RUNPATH is for one's own needs."""
    files = {
        "bin/a": write_elf(type=ET_EXEC, interpreter=LOADER, needed=["libx.so.1"], rpath="$ORIGIN/../l"),
        "l/libx.so.1": write_elf(soname="libx.so.1", needed=["liby.so.1"]),
        "l/liby.so.1": write_elf(soname="liby.so.1", needed=["libc.so.6"]),
    }
    assert not verdict(files)
    files["bin/a"] = write_elf(type=ET_EXEC, interpreter=LOADER, needed=["libx.so.1"], runpath="$ORIGIN/../l")
    (found,) = findings(files)
    assert (found.code, found.subject) == ("LIB001", "l/libx.so.1")
    assert "when bin/a loads it" in found.message


def test_what_the_program_loaded_itself_serves_its_libraries() -> None:
    """The libraries of @libphp have no path of their own: php names them all, and has one."""
    files = {
        "php/php": write_elf(
            type=ET_EXEC, interpreter=LOADER, needed=["liby.so.1", "libx.so.1"], runpath="$ORIGIN/../l"
        ),
        "l/libx.so.1": write_elf(soname="libx.so.1", needed=["liby.so.1"]),
        "l/liby.so.1": write_elf(soname="liby.so.1", needed=["libc.so.6"]),
    }
    assert not verdict(files)


def test_a_library_nobody_names_is_judged_on_its_own() -> None:
    assert verdict({"plugins/libplug.so": write_elf(needed=["libno.so.1"])}) == [
        ("error", "LIB001", "plugins/libplug.so")
    ]


def test_bundled_versions_count() -> None:
    versions = {"libx.so.1": ["X_2"]}
    addon = user(versions=versions, runpath="$ORIGIN")
    assert not verdict({"a.node": addon, "libx.so.1": write_elf(soname="libx.so.1", defines=["X_1", "X_2"])})
    # A library without any versions only makes the loader warn.
    assert not verdict({"a.node": addon, "libx.so.1": LIB})
    (found,) = findings({"a.node": addon, "libx.so.1": write_elf(soname="libx.so.1", defines=["X_1"])})
    assert (found.code, found.subject) == ("ABI002", "a.node")
    assert "needs X_2 of libx.so.1 (for use_X_2), libx.so.1 has not" in found.message


def test_a_bundled_libstdcxx_is_shadowed_by_the_systems() -> None:
    """System folders come first in LD_LIBRARY_PATH: bringing a newer libstdc++ does not help."""
    addon = write_elf(
        needed=["libstdc++.so.6", "libc.so.6"], versions={"libstdc++.so.6": ["GLIBCXX_3.4.30"]}, runpath="$ORIGIN"
    )
    bundled = write_elf(soname="libstdc++.so.6", needed=["libc.so.6"], defines=["GLIBCXX_3.4.30"])
    assert verdict({"a.node": addon, "libstdc++.so.6": bundled}) == [
        ("error", "ABI002", "a.node"),
        ("warning", "LIB003", "libstdc++.so.6"),
    ]


def test_rpath_comes_before_the_system_except_for_what_the_runtime_has_loaded() -> None:
    zlib = write_elf(soname="libz.so.1", needed=["libc.so.6"], defines=["ZLIB_9"])
    addon = write_elf(needed=["libz.so.1", "libc.so.6"], versions={"libz.so.1": ["ZLIB_9"]}, rpath="$ORIGIN")
    assert not verdict({"a.node": addon, "libz.so.1": zlib})
    addon = write_elf(needed=["libstdc++.so.6"], versions={"libstdc++.so.6": ["GLIBCXX_3.4.30"]}, rpath="$ORIGIN")
    bundled = write_elf(soname="libstdc++.so.6", needed=["libc.so.6"], defines=["GLIBCXX_3.4.30"])
    files = {"a": addon, "libstdc++.so.6": bundled}
    assert ("error", "ABI002", "a") in verdict(files)
    # Python has no libstdc++ of its own in the process: there the bundled one is used.
    assert not verdict(files, target("python3.12"))


def test_a_candidate_for_another_machine_is_passed_over() -> None:
    files = {
        "a/a.node": user(runpath="$ORIGIN/1:$ORIGIN/2"),
        "a/1/libx.so.1": write_elf(machine=EM_AARCH64, soname="libx.so.1"),
        "a/2/libx.so.1": LIB,
    }
    assert [code for _, code, subject in verdict(files) if subject == "a/a.node"] == []


def test_arm64_lacks_what_only_x86_has() -> None:
    vector = {"machine": EM_AARCH64, "needed": ["libmvec.so.1", "libc.so.6"]}
    (found,) = findings({"a.so": write_elf(**vector)}, target(arch="arm64"))
    assert found.code == "LIB001"


def test_the_interpreters_own_library_is_there() -> None:
    data = write_elf(needed=["libpython3.12.so.1.0", "libc.so.6"])
    assert not verdict({"x.so": data}, target("python3.12"))
    assert verdict({"x.so": data}, target("python3.13")) == [("error", "LIB001", "x.so")]
