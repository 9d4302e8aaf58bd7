"""Bad input on the real command line: a clear message, the right exit code, and nothing half done.

The projects are custom runtimes with a shell script for a bootstrap, so nothing has to be installed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.cli import Ran, packager
from tests.support.elfs import write_elf
from tests.support.trees import lock_json, package_json, snapshot, write_tree

BOOTSTRAP = "#!/bin/sh\nexit 0\n"
CONFIG = "bundles: {{api: {{target: aws-lambda, runtime: provided.al2023}}}}\ngenerate: {{command: {}}}\n"
HOST = ("--builder", "host", "--no-prove")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Return a project that was built once: an old artifact is there."""
    root = write_tree(tmp_path / "app", {"bootstrap": BOOTSTRAP, "packager.yaml": CONFIG.format("[]")})
    assert packager("build", root, *HOST).code == 0
    return root


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Return an empty folder for TMPDIR."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def built(app: Path, scratch: Path, *arguments: str | Path, generate: str = "") -> Ran:
    if generate:
        write_tree(app, {"packager.yaml": CONFIG.format(json.dumps(generate))})
    return packager("build", app, *HOST, *arguments, TMPDIR=str(scratch))


def refused(ran: Ran, code: int, *texts: str) -> None:
    """Check that a run said no clearly: no traceback, where and what and fix, nothing on stdout but findings."""
    assert ran.code == code, ran.stderr
    assert "Traceback" not in ran.stderr
    for text in texts:
        assert text in ran.stderr + ran.stdout
    if code != 1:
        assert ran.stdout == ""
        assert ran.stderr.count("error: ") == 1


def test_a_folder_without_anything(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "empty").mkdir()

    refused(built(tmp_path / "empty", scratch), 3, "there is no packager.yaml, package.json", "fix: ")
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize(
    ("files", "texts"),
    [
        ({"package-lock.json": "{ <<<<<<< HEAD"}, ("package-lock.json: line 1: is not JSON", "line 1", "fix: ")),
        ({}, ("there is no lock file", "npm install")),
        (
            {"package-lock.json": lock_json({"name": "app", "dependencies": {"a": "2"}}, {"a": "2.0.0"})},
            ("does not agree with package.json", "a is 1 in package.json, 2 in the lock", "npm install"),
        ),
        ({"package.json": '{"name": }'}, ("package.json: line 1",)),
        ({"packager.yaml": "bundels: {}"}, ("packager.yaml: bundels: unknown key", "did you mean 'bundles'?")),
        (
            {
                "package.json": package_json(),
                "packager.yaml": "bundles: {api: {target: aws-lambda, runtime: nodejs99.x, handler: a.b}}",
            },
            ("packager.yaml: bundles.api.runtime: aws-lambda has no runtime 'nodejs99.x'", "nodejs22.x"),
        ),
    ],
)
def test_configuration_that_cannot_be(
    tmp_path: Path, scratch: Path, files: dict[str, str], texts: tuple[str, ...]
) -> None:
    package = package_json(dependencies={"a": "1"})
    root = write_tree(tmp_path / "app", {"package.json": package, "index.js": "exports.handler = 1", **files})
    before = snapshot(root)

    refused(built(root, scratch), 3, *texts)
    assert snapshot(root) == before


@pytest.mark.parametrize("json_too", [False, True])
def test_a_generator_that_fails(app: Path, scratch: Path, json_too: bool) -> None:
    old = snapshot(app / "dist")

    ran = built(app, scratch, *(["--json"] if json_too else []), generate="echo what it said; exit 3")

    assert ran.code == 5
    assert "generate: echo what it said; exit 3: ended with exit code 3" in ran.stderr
    assert "    what it said" in ran.stderr
    if json_too:
        assert ran.json()["error"]["output"] == "what it said"
    assert snapshot(app / "dist") == old
    assert list(scratch.iterdir()) == []


def test_a_generator_that_hangs_is_ended_with_all_it_started(app: Path, scratch: Path, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    command = f"sleep 300 & echo $! > {pid}; wait"

    refused(
        built(app, scratch, "--timeout", "1", generate=command),
        5,
        "did not end within 1 s, and was stopped",
        "raise --timeout",
    )
    assert not alive(int(pid.read_text()))
    assert list(scratch.iterdir()) == []


def test_a_bundle_that_is_too_big_keeps_the_old_artifact(app: Path, scratch: Path) -> None:
    old = snapshot(app / "dist")

    ran = built(app, scratch, generate="truncate -s 300M big.bin")

    refused(ran, 1, "SIZE002", "dist/api.zip", "over the 262,144,000 bytes", "big.bin 300 MB", "No files were written")
    assert snapshot(app / "dist") == old
    assert list(scratch.iterdir()) == []


def test_arm64_asked_for_where_only_x86_64_is_there(app: Path, scratch: Path) -> None:
    old = snapshot(app / "dist")
    write_tree(app, {"bin/engine": write_elf(interpreter="/lib64/ld-linux-x86-64.so.2", needed=("libc.so.6",))})

    assert built(app, scratch).code == 0
    ran = built(app, scratch, "--arch", "arm64", "--out", scratch.parent / "arm")

    refused(ran, 1, "ABI001", "arm/api.zip!bin/engine", "x86_64", "fix: ", "No files were written")
    assert old.keys() == snapshot(app / "dist").keys()


@pytest.mark.parametrize(
    ("links", "text"),
    [
        ({"a": "b", "b": "a"}, "a: is a link to b, which leads back to itself"),
        ({"loop": "."}, "loop: is a link to"),
        ({"gone": "nothing"}, "gone: is a link to nothing, which does not exist"),
        ({"out": "/etc/hostname"}, "out: is a link to /etc/hostname, outside the project"),
        ({"out": "../outside"}, "out: is a link to ../outside, outside the project"),
    ],
)
def test_links_that_lead_nowhere_good(app: Path, scratch: Path, links: dict[str, str], text: str) -> None:
    old = snapshot(app / "dist")
    write_tree(app, {}, links)

    ran = built(app, scratch)

    refused(ran, 6, text, "fix: ")
    assert str(scratch) not in ran.stderr
    assert snapshot(app / "dist") == old


def test_names_with_spaces_unicode_and_dashes(app: Path, scratch: Path) -> None:
    write_tree(app, {"-rf": "1", "--help": "2", "with space/ü ñ.txt": "3", "日本": "4", "$(touch x)": "5"})

    ran = built(app, scratch, "--json")

    assert ran.code == 0
    assert ran.json()["bundles"][0]["findings"] == []
    assert not (app / "x").exists()


def test_names_that_differ_only_in_case(app: Path, scratch: Path) -> None:
    write_tree(app, {"Util.txt": "1", "util.txt": "2"})

    ran = built(app, scratch, "--json")

    assert [finding["code"] for finding in ran.json()["bundles"][0]["findings"]] == ["ZIP001"]


def test_a_name_that_is_no_text(app: Path, scratch: Path) -> None:
    (Path(os.fsdecode(os.fsencode(app) + b"/bad\xff"))).write_bytes(b"x")

    refused(built(app, scratch), 6, "not valid UTF-8", "rename the file")


def test_an_output_folder_that_takes_no_files(app: Path, scratch: Path) -> None:
    refused(built(app, scratch, "--out", "/proc/nope"), 4, "output folder /proc/nope", "choose another folder")
    refused(built(app, scratch, "--out", app / "bootstrap"), 4, "is a file, not a folder", "--out")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_read_only_file_system(app: Path, tmp_path: Path, scratch: Path) -> None:
    out = tmp_path / "ro"
    with mounted(out, "ro"):
        refused(built(app, scratch, "--out", out), 4, f"output folder {out}: the file system is read-only", "--out")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_full_disk_where_the_artifact_should_go(app: Path, tmp_path: Path, scratch: Path) -> None:
    out = tmp_path / "full"
    with mounted(out, "size=64k"):
        (out / "api.zip").write_bytes(b"old")

        ran = built(app, scratch, "--out", out, generate="head -c 500000 /dev/urandom > noise")

        refused(ran, 4, f"output folder {out}: the disk is full", "make room")
        assert snapshot(out) == {"api.zip": b"old"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize(("size", "text"), [("64k", "the disk is full"), ("700k", "No space left on device")])
def test_a_full_disk_where_it_is_built(app: Path, tmp_path: Path, size: str, text: str) -> None:
    """64k are gone while generating, 700k while writing the archive."""
    old = snapshot(app / "dist")
    tmp = tmp_path / "small"
    with mounted(tmp, f"size={size}"):
        refused(built(app, tmp, generate="head -c 500000 /dev/urandom > noise"), 4, text, "fix: free some space")
        assert list(tmp.iterdir()) == []
    assert snapshot(app / "dist") == old


def test_the_output_folder_never_becomes_source(app: Path, scratch: Path, tmp_path: Path) -> None:
    """Wherever the user stands and however the folder is spelled."""
    shutil.rmtree(app / "dist")
    sizes = []
    for _ in range(2):
        ran = packager("build", "app", *HOST, "--out", "app/made/here", "--json", cwd=tmp_path, TMPDIR=str(scratch))
        sizes.append(ran.json()["bundles"][0]["artifact"]["sha256"])

    assert sizes[0] == sizes[1]


def test_without_docker(app: Path, scratch: Path) -> None:
    ran = packager("build", app, "--builder", "docker", DOCKER_HOST="unix:///nonexistent.sock", TMPDIR=str(scratch))

    refused(ran, 4, "fix: ", "nonexistent.sock")
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_being_stopped_in_the_middle_leaves_nothing(
    app: Path, scratch: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    old = snapshot(app / "dist")
    pid = tmp_path / "pid"
    write_tree(app, {"packager.yaml": CONFIG.format(json.dumps(f"sleep 300 & echo $! > {pid}; wait"))})
    process = started(app, scratch)
    child = int(awaited(pid))

    process.send_signal(number)
    _, said = process.communicate(timeout=30)

    assert process.returncode == code
    assert "Traceback" not in said
    assert not alive(child)
    assert list(scratch.iterdir()) == []
    assert snapshot(app / "dist") == old


def test_being_killed_while_writing_keeps_the_old_artifact(app: Path, scratch: Path, tmp_path: Path) -> None:
    """Killed at the very moment the new artifact is complete beside the old one, but not yet in its place."""
    old = (app / "dist/api.zip").read_bytes()
    write_tree(app, {"new": "content"})
    code = (
        "import os, signal, sys; from packager.cli import main\n"
        "os.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL) if '/dist/' in os.readlink(f'/proc/self/fd/{fd}')"
        " else None\n"
        "main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "build", str(app), *HOST], env={**os.environ, "TMPDIR": str(scratch)}, check=False
    )

    assert done.returncode == -signal.SIGKILL
    assert (app / "dist/api.zip").read_bytes() == old
    for left in (app / "dist").iterdir():
        os.utime(left, (0, 0))
    assert built(app, scratch).code == 0
    assert sorted(path.name for path in (app / "dist").iterdir()) == ["api.manifest.json", "api.zip"]


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"", "zip"), (b"PK\x03\x04 and then nothing", "zip"), (b"no zip at all", "zip")],
)
def test_archives_that_are_none(tmp_path: Path, content: bytes, text: str) -> None:
    write_tree(tmp_path, {"x.zip": content})

    refused(packager("audit", tmp_path / "x.zip", "--runtime", "nodejs22.x"), 6, "x.zip", text)
    refused(packager("pack", tmp_path / "x.zip", "-o", tmp_path / "y.zip"), 6, "x.zip", text)
    assert not (tmp_path / "y.zip").exists()


def test_things_that_are_not_there(tmp_path: Path) -> None:
    nope = tmp_path / "nope.zip"

    refused(packager("audit", nope, "--runtime", "nodejs22.x"), 6, "no such file")
    refused(packager("prove", nope, "--runtime", "nodejs22.x"), 6, "no such file")
    refused(packager("pack", nope, "-o", tmp_path / "y.zip"), 6, "nope.zip")


def alive(pid: int) -> bool:
    """Return whether a process runs; one that ended but was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def started(app: Path, scratch: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "packager", "build", str(app), *HOST],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def awaited(path: Path) -> str:
    """Return the content of a file as soon as it is there."""
    for _ in range(600):
        if path.exists() and (text := path.read_text()):
            return text
        time.sleep(0.05)
    pytest.fail(f"{path.name} was never written")


class mounted:  # noqa: N801 (used like contextlib.closing)
    """A tmpfs of its own for the length of a block."""

    def __init__(self, folder: Path, options: str) -> None:
        self.folder = folder
        self.options = options

    def __enter__(self) -> None:
        self.folder.mkdir()
        mount = shutil.which("mount")
        if mount is None:
            pytest.skip("there is no mount command")
        done = subprocess.run(
            [mount, "-t", "tmpfs", "-o", self.options, "tmpfs", str(self.folder)], capture_output=True, check=False
        )
        if done.returncode != 0:
            pytest.skip(f"no tmpfs may be mounted here: {done.stderr.decode()}")

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)
