"""Same inputs, same bytes: another time zone, umask, user, folder, and the other builder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.cli import ROOT, packager, sample

pytestmark = pytest.mark.network
NOBODY = 65534


def hashes(folder: Path) -> dict[str, str]:
    """Return artifact → SHA-256 of what lies in a dist folder."""
    import hashlib

    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*"))}


def other_users_python() -> str:
    """Return an interpreter of this version that another user may start; empty if there is none."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (str(Path(sys.executable).resolve()), f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            done = subprocess.run([candidate, "-c", ""], user=NOBODY, group=NOBODY, extra_groups=[], check=False)
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    return ""


def zips(folder: Path) -> dict[str, str]:
    """Return the archives' hashes without the manifests."""
    return {name: value for name, value in hashes(folder).items() if name.endswith(".zip")}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build the sample once, plainly, and return everything's hashes."""
    folder = sample("aws-lambda", tmp_path_factory.mktemp("first"))
    ran = packager("build", folder, "--builder", "host", "--fresh")
    assert ran.code == 0, ran.stderr + ran.stdout
    return hashes(folder / "dist")


def test_a_second_run_gives_the_same_files_manifests_included(first: dict[str, str], tmp_path: Path) -> None:
    folder = sample("aws-lambda", tmp_path)
    ran = packager("build", folder, "--builder", "host", "--fresh", "--jobs", "1")
    assert ran.code == 0, ran.stderr
    assert hashes(folder / "dist") == first


def test_time_zone_locale_umask_and_folder_do_not_matter(first: dict[str, str], tmp_path: Path) -> None:
    folder = sample("aws-lambda", tmp_path / "somewhere else, with a comma")
    old = os.umask(0o077)
    try:
        ran = packager("build", folder, "--builder", "host", "--fresh", TZ="Asia/Tokyo", LC_ALL="C", LANG="tr_TR.UTF-8")
    finally:
        os.umask(old)
    assert ran.code == 0, ran.stderr
    assert hashes(folder / "dist") == first


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_gets_the_same_bytes(first: dict[str, str], tmp_path: Path) -> None:
    # All that the other user touches is made for him: home, cache, project, and a copy of the libraries.
    python = other_users_python()
    if not python:
        pytest.skip("no interpreter of this version that another user may start")
    home = Path("/tmp") / f"packager-other-user-{os.getpid()}"
    home.mkdir(mode=0o755)
    try:
        folder = sample("aws-lambda", home)
        needless = shutil.ignore_patterns("boto*", "moto*", "mypy*", "packager*", "__pycache__", "*.pth")
        shutil.copytree(sysconfig.get_path("platlib"), home / "lib", ignore=needless)
        shutil.copytree(ROOT / "packager", home / "lib" / "packager")
        for name in ("dockerfiles", "lambda_layers"):
            shutil.copytree(ROOT / name, home / "lib" / name)
        npmrc = Path.home() / ".npmrc"
        if npmrc.is_file():
            shutil.copy(npmrc, home / ".npmrc")
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        done = subprocess.run(
            [python, "-m", "packager", "build", str(folder), "--builder", "host", "--fresh"],
            cwd=home,
            env={
                **os.environ,
                "HOME": str(home),
                "PACKAGER_CACHE": str(home / "cache"),
                "npm_config_cache": str(home / "npm"),
                "PYTHONPATH": str(home / "lib"),
                "TMPDIR": str(home),
            },
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        assert hashes(folder / "dist") == first
    finally:
        shutil.rmtree(home)


@pytest.mark.docker
def test_standin_both_builders_give_the_same_bytes(first: dict[str, str], tmp_path: Path) -> None:
    """Debian bookworm in place of Amazon Linux 2023."""
    folder = sample("aws-lambda", tmp_path)
    ran = packager(
        "build", folder, "--builder", "docker", "--fresh", "--image", "packager-test/debian:bookworm", "--json"
    )
    assert ran.code == 0, ran.stderr + ran.stdout
    assert zips(folder / "dist") == {name: value for name, value in first.items() if name.endswith(".zip")}
    assert {bundle["builder"]["name"] for bundle in ran.json()["bundles"]} == {"docker"}
    assert all(path.stat().st_uid == os.geteuid() for path in folder.rglob("*"))


def test_what_was_built_before_is_reused_with_the_same_bytes(first: dict[str, str], tmp_path: Path) -> None:
    """Neither an install nor a generator runs, and an edit of the code is in the next zip."""
    folder = sample("aws-lambda", tmp_path)
    cache = str(tmp_path / "cache")
    assert packager("build", folder, "--builder", "host", "--cache", cache).code == 0
    again = packager("build", folder, "--builder", "host", "--cache", cache, "--verbose")
    assert hashes(folder / "dist") == first
    assert "reuse" in again.stderr
    assert "install" not in again.stderr

    with (folder / "src/handler.js").open("a") as file:
        file.write("// edited\n")
    edited = packager("build", folder, "--builder", "host", "--cache", cache)
    assert edited.code == 0, edited.stderr
    assert "install" not in edited.stderr
    assert hashes(folder / "dist")["prisma.zip"] == first["prisma.zip"]
    assert hashes(folder / "dist")["api.zip"] != first["api.zip"]
