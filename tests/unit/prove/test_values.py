"""The pure parts of a proof: reports, requests, environments, verdicts."""

from __future__ import annotations

import base64
import json
import stat
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packager.catalog.current import load_catalog
from packager.prove.failure_context import FailureContext
from packager.prove.natives import native_files
from packager.prove.outcome import Run, judge
from packager.prove.report import Failure, Report, read_event, read_report
from packager.prove.request import ProofRequest, moved, runtime_environment
from packager.prove.unpack import clean_root
from tests.support.elfs import EM_AARCH64, write_elf

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.targets import Target

SCENE = FailureContext("api.zip", "/var/task", "/opt")


def target(runtime: str = "nodejs22.x") -> Target:
    return load_catalog().target("aws-lambda", runtime, "x86_64")


def line(marker: str, event: object) -> str:
    return f"{marker} {base64.b64encode(json.dumps(event).encode()).decode()}"


def test_only_whole_lines_with_the_marker_are_reports() -> None:
    event = {"step": "done", "phase": "load"}
    assert read_event("m-1", line("m-1", event)) == event
    for other in ("", "m-1", "m-1 e30", "m-1 %%%", line("m-2", event), f"x{line('m-1', event)}", line("m-1", [1])):
        assert read_event("m-1", other) is None or other == "m-1 e30="


@settings(deadline=None)
@given(st.text())
def test_no_text_of_a_bundle_is_an_event_without_the_marker(text: str) -> None:
    assert read_event(ProofRequest("a.b", target()).marker, text) is None


def test_a_native_file_counts_as_loaded_unless_it_was_refused_or_the_end() -> None:
    def native(path: str) -> dict[str, object]:
        return {"step": "native", "phase": "load", "path": path}

    refused: dict[str, object] = {
        "step": "native-refused",
        "phase": "load",
        "path": "/b",
        "message": "no",
        "name": "Error",
    }
    report = read_report([native("/a"), native("/b"), refused, native("/c"), {"step": "handler"}, native("/d")])
    assert report.natives_loaded == ("/a", "/c")
    assert [failure.path for failure in report.refused] == ["/b"]
    assert report.native_open == "/d", "this one was being opened when the process ended"


def test_every_request_has_a_marker_of_its_own() -> None:
    assert ProofRequest("a.b", target()).marker != ProofRequest("a.b", target()).marker


def test_the_environment_shadows_bundled_libraries_as_the_target_does() -> None:
    environment = runtime_environment(ProofRequest("a.b", target(), {"LANG": "C", "MY": "1"}))
    folders = environment["LD_LIBRARY_PATH"].split(":")
    assert folders.index("/usr/lib/x86_64-linux-gnu") < folders.index("/var/task/lib") < folders.index("/opt/lib")
    assert environment["_HANDLER"] == "a.b"
    assert (environment["LANG"], environment["MY"]) == ("C", "1")
    assert environment["NODE_PATH"].startswith("/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:")
    assert "HOME" not in environment


def test_moving_touches_whole_path_elements_only() -> None:
    places = {"/var/task": "/s/task", "/opt": "/s/opt"}
    moved_paths = moved({"A": "/opt/lib:/optional:/var/task", "B": "x=/opt"}, places)
    assert moved_paths == {"A": "/s/opt/lib:/optional:/s/task", "B": "x=/opt"}


def run(report: Report, **more: object) -> Run:
    report = replace(report, version=report.version or "22.1.0")
    values: dict[str, object] = {"how": "local", "where": "here", "official": False, "report": report, "exit_code": 0}
    return Run(**{**values, **more})  # type: ignore[arg-type]


def missing(version: str) -> Report:
    return Report(
        failure=Failure("load", "Error", f"/lib/libc.so.6: version `{version}' not found (required by /var/task/x)")
    )


@pytest.mark.parametrize(
    ("version", "official", "status"),
    [
        ("GLIBC_2.34", False, "skipped"),  # the target has it, the stand-in does not: nothing is shown
        ("GLIBC_2.35", False, "failed"),
        ("GLIBC_2.34", True, "failed"),
        ("GLIBCXX_3.4.29", False, "skipped"),
        ("GLIBCXX_3.4.30", False, "failed"),
        ("GLIBC_PRIVATE", False, "failed"),
    ],
)
def test_a_standin_that_lacks_what_the_target_has_shows_nothing(version: str, official: bool, status: str) -> None:
    proof = judge(run(missing(version), official=official), ProofRequest("a.b", target()), SCENE)
    assert proof.status == status
    assert ("which the target has" in proof.detail) == (status == "skipped")


def test_a_library_of_the_target_missing_here_shows_nothing() -> None:
    text = "{}: cannot open shared object file: No such file or directory"
    for soname, status in (("libssl.so.3", "skipped"), ("libssl.so.1.1", "failed")):
        report = Report(failure=Failure("load", "Error", text.format(soname), "ERR_DLOPEN_FAILED"))
        assert judge(run(report), ProofRequest("a.b", target()), SCENE).status == status


def test_a_runtime_that_does_not_start_here_says_nothing_about_the_bundle() -> None:
    said = "python3.12: error while loading shared libraries: libpython3.12.so.1.0"
    silent = Run("local", "Python 3.12 on this machine", False, Report(), 127, output=said)
    proof = judge(silent, ProofRequest("a.b", target()), SCENE)
    assert (proof.status, proof.findings) == ("skipped", ())
    assert "did not start" in proof.detail
    blamed = replace(silent, output="Error: Cannot find module '/var/task/preload.js'")
    assert judge(blamed, ProofRequest("a.b", target()), SCENE).status == "failed"


def test_out_of_memory_time_and_silence_are_failures() -> None:
    for more, code in (
        ({"out_of_memory": True, "exit_code": 137}, "RUN010"),
        ({"timed_out": True, "exit_code": 137}, "RUN009"),
        ({"exit_code": 139}, "RUN005"),
        ({"exit_code": 0}, "RUN005"),
    ):
        proof = judge(run(Report(phase="load"), **more), ProofRequest("a.b", target()), SCENE)
        assert (proof.status, [finding.code for finding in proof.findings]) == ("failed", [code])


def test_a_hidden_refusal_of_a_native_file_speaks_for_the_package() -> None:
    refused = Failure(
        "load", "Error", "/var/task/x.node: invalid ELF header", "ERR_DLOPEN_FAILED", path="/var/task/x.node"
    )
    report = Report(failure=Failure("load", "Error", "Could not load the thing"), refused=(refused,))
    (finding,) = judge(run(report), ProofRequest("a.b", target()), SCENE).findings
    assert (finding.code, finding.subject) == ("RUN002", "api.zip!x.node")


def test_native_files_of_other_systems_are_left_alone(tmp_path: Path) -> None:
    files = {
        "a/linux.node": write_elf(needed=("libc.so.6",)),
        "a/musl.node": write_elf(needed=("libc.musl-x86_64.so.1",)),
        "a/android.node": write_elf(needed=("libc.so", "liblog.so")),
        "a/arm.node": write_elf(machine=EM_AARCH64, needed=("libc.so.6",)),
        "a/electron-x.node": write_elf(needed=("libc.so.6",)),
        "a/mac.node": b"\xcf\xfa\xed\xfe",
        "a/text.node": b"version https://git-lfs.github.com/spec/v1",
        "b/mod.cpython-312-x86_64-linux-gnu.so": write_elf(needed=("libc.so.6",)),
        "b/mod.cpython-311-x86_64-linux-gnu.so": write_elf(needed=("libc.so.6",)),
        "b/libdep.so": write_elf(needed=("libc.so.6",)),
    }
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    assert native_files(tmp_path, "/opt", target()) == ("/opt/a/linux.node",)
    python = native_files(tmp_path, "/var/task", target("python3.12"))
    assert python == ("/var/task/b/mod.cpython-312-x86_64-linux-gnu.so",)


def test_a_clean_root_is_read_only_merged_and_gone_afterwards(tmp_path: Path) -> None:
    def pack(name: str, files: dict[str, str]) -> Path:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        return tmp_path / name

    function = pack("f.zip", {"index.js": "x"})
    one = pack("1.zip", {"lib/a": "1", "lib/b": "1", "t/x": "folder"})
    two = pack("2.zip", {"lib/b": "2", "t": "file"})
    with clean_root(function, [one, two]) as root:
        assert (root.task / "index.js").read_text() == "x"
        assert [(root.layers / path).read_text() for path in ("lib/a", "lib/b", "t")] == ["1", "2", "file"]
        assert not any(stat.S_IMODE(path.stat().st_mode) & 0o222 for path in root.layers.rglob("*"))
    assert not root.scratch.exists()


@pytest.mark.parametrize(
    ("missed", "status"),
    [
        ("Cannot find module '@aws-sdk/client-s3'", "skipped"),
        ("Cannot find package '@smithy/types/dist' imported from /var/task/a.mjs", "skipped"),
        ("No module named 'boto3.session'", "skipped"),
        ("Cannot find module 'aws-sdk'", "failed"),  # version 2 is gone since Node 18
        ("Cannot find module '@aws-sdk'", "failed"),
        ("Cannot find module './boto3'", "failed"),
        ("No module named 'boto'", "failed"),
    ],
)
def test_what_the_real_runtime_brings_is_the_catalogs_word(missed: str, status: str) -> None:
    report = Report(failure=Failure("load", "Error", missed, "MODULE_NOT_FOUND"))
    assert judge(run(report), ProofRequest("a.b", target()), SCENE).status == status
    assert judge(run(report, official=True), ProofRequest("a.b", target()), SCENE).status == "failed"
