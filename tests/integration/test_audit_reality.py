"""The verdict against reality: real addons and programs, loaded on three Debian releases. Yes has to mean: it loads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from packager.audit import Mounted
from packager.audit.judge import audit
from packager.audit.scene import Scene
from packager.catalog import load_catalog
from packager.inventory import Inventory
from packager.inventory.archive import scan
from tests.support.mounts import target
from tests.support.registry import npm_package

if TYPE_CHECKING:
    from pathlib import Path

    from packager.audit import Finding
    from packager.catalog.records import Target

pytestmark = [pytest.mark.network, pytest.mark.docker]

PACKAGES = (
    "@libsql/linux-x64-gnu@~0.5.29", "@libsql/linux-arm64-gnu@~0.5.29", "@libsql/linux-x64-musl@~0.5.29",
    "bcrypt@~6.0.0", "argon2@~0.45.1", "@node-rs/argon2-linux-x64-gnu@~2.2.1",
    "@img/sharp-linux-x64@~0.35.5", "@img/sharp-libvips-linux-x64@~1.3.4",
    "@napi-rs/canvas-linux-x64-gnu@~1.1.1", "@parcel/watcher-linux-x64-glibc@~2.6.0",
    "@parcel/watcher-linux-x64-musl@~2.6.0", "@esbuild/linux-x64@~0.28.2", "@esbuild/linux-arm64@~0.28.2",
    "@rollup/rollup-linux-x64-gnu@4", "@rollup/rollup-linux-x64-musl@4", "lightningcss-linux-x64-gnu@1",
    "@tailwindcss/oxide-linux-x64-gnu@4", "@resvg/resvg-js-linux-x64-gnu@2", "@biomejs/cli-linux-x64@2",
    "@biomejs/cli-linux-x64-musl@2", "sqlite-vec-linux-x64@latest", "msgpackr-extract@3",
    "@msgpackr-extract/msgpackr-extract-linux-x64@3", "utf-8-validate@6", "bufferutil@4",
    "@node-rs/crc32-linux-x64-gnu@1",
    "@swc/core-linux-x64-gnu@1", "node-gyp-build@4",
)  # fmt: skip
"""Addons for glibc and musl, x86_64 and arm64, with and without companions; programs, static and not."""

_THREADS = """
#include <pthread.h>
void *run(void *p) { return p; }
int main(void) { pthread_t thread; return pthread_create(&thread, 0, run, 0); }
"""
_NEW = "#include <math.h>\ndouble f(double x) { return exp(x) + fmaximum(x, 1); }"
_ONE = "int one(void) { return 1; }"
_MAIN = "int main(void) { return 0; }"
COMPILED: dict[str, tuple[str, tuple[str, ...]]] = {
    "program": (_MAIN, ()),
    "program-of-threads": (_THREADS, ("-pthread",)),
    "static-program": (_MAIN, ("-static",)),
    "plain.so": (_ONE, ("-shared", "-fPIC")),
    "old-symbols.so": ("#include <stdlib.h>\nint one(void) { return abs(rand()); }", ("-shared", "-fPIC")),
    "new-symbols.so": (_NEW, ("-shared", "-fPIC", "-lm")),
    "executable-stack.so": (_ONE, ("-shared", "-fPIC", "-Wl,-z,execstack")),
    "32-bit.so": (_ONE, ("-shared", "-fPIC", "-m32", "-nostdlib")),
    "other-interpreter": (_MAIN, ("-Wl,--dynamic-linker=/nix/store/ld.so",)),
}
"""Name → (source, flags). What this compiler cannot make is left out."""

TRY = """
const { spawnSync } = require('child_process'); const fs = require('fs');
const load = "process.dlopen({exports: {}}, process.argv[1])";
for (const path of fs.readFileSync(0, 'utf8').split('\\n').filter(Boolean)) {
  const program = !/\\.(node|so(\\.[\\d.]+)?)$/.test(path);
  const ran = program ? spawnSync(path, ['--version'], {timeout: 20000})
    : spawnSync(process.execPath, ['-e', load, path], {timeout: 20000});
  const said = String(ran.stderr || '') + String(ran.error || '');
  // A library that is no addon was loaded all the same; a program may not know --version. What the kernel does not
  // know is given to the shell as a script.
  const loaded = program
    ? !ran.error && ran.signal === null && ran.status !== 127
      && !/not found|loading shared libraries|Syntax error/.test(said)
    : ran.status === 0 || /did not self-register/.test(said);
  const line = said.split('\\n').find(line => /Error|error|not found/.test(line)) || String(ran.signal || '');
  console.log(JSON.stringify([path, loaded, line.slice(0, 200)]));
}
"""


@dataclass(frozen=True)
class Release:
    """A Debian release with the Node we have on it."""

    suite: str
    baseline: str

    @property
    def image(self) -> str:
        return f"packager-test/node:20-{self.suite}"

    @property
    def target(self) -> Target:
        base = target("nodejs20.x")
        system = replace(base.system, library_path=())
        return replace(base, baseline=load_catalog().baselines[self.baseline], system=system)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all of it, and what the compiler of this machine makes."""
    folder = tmp_path_factory.mktemp("reality") / "task"
    for spec in PACKAGES:
        npm_package(spec, folder)
    compiler = shutil.which("cc")
    for name, (source, flags) in COMPILED.items() if compiler else ():
        (folder / "compiled").mkdir(exist_ok=True)
        (folder / "x.c").write_text(source)
        command = [str(compiler), "-x", "c", str(folder / "x.c"), "-o", str(folder / "compiled" / name), *flags]
        subprocess.run(command, capture_output=True, timeout=60, check=False)
    (folder / "x.c").unlink(missing_ok=True)
    (folder / "try.cjs").write_text(TRY)
    return folder


def verdicts(inventory: Inventory, on: Target) -> dict[str, list[Finding]]:
    """Return the errors by file: its own, and those of the bundled libraries it brings in."""
    everything = Mounted("/var/task", inventory, "")
    scene = Scene([everything], on)
    brought: dict[str, set[str]] = {}
    for link in scene.links:
        if link.provider:
            brought.setdefault(link.user.file.path, set()).add(link.provider.file.path)
    found = {}
    for place in scene.natives:
        closure, waiting = {place.file.path}, [place.file.path]
        while waiting:
            more = brought.get(waiting.pop(), set()) - closure
            closure |= more
            waiting += more
        own = Inventory(tuple(file for file in inventory.files if file.path in closure))
        mounts = [Mounted("/var/task", inventory, "", judged=False), Mounted("/var/task", own, "")]
        # No family: the file is judged alone, not excused by a sibling that fits.
        found[place.file.path] = [
            each for each in audit(mounts, on) if each.severity == "error" or each.code == "ABI010"
        ]
    return found


def loaded(folder: Path, paths: list[str], release: Release) -> dict[str, tuple[bool, str]]:
    """Return which files load in a container of the release, without network, and what was said otherwise."""
    create = ["docker", "create", "-i", "--network=none", release.image, "node", "/var/task/try.cjs"]
    container = subprocess.run(create, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    try:
        subprocess.run(
            ["docker", "cp", f"{folder}/.", f"{container}:/var/task"], check=True, timeout=300, capture_output=True
        )
        done = subprocess.run(
            ["docker", "start", "-ai", container],
            input="\n".join(f"/var/task/{path}" for path in paths),
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
    finally:
        subprocess.run(["docker", "rm", "-f", container], check=False, timeout=60, capture_output=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == len(paths), done.stderr
    return {path.removeprefix("/var/task/"): (bool(ok), said) for path, ok, said in rows}


@pytest.mark.parametrize(
    "release",
    [
        pytest.param(Release("bullseye", "debian-11"), id="bullseye", marks=pytest.mark.heavy),
        pytest.param(Release("bookworm", "debian-12"), id="bookworm"),
        pytest.param(Release("trixie", "debian-13"), id="trixie", marks=pytest.mark.heavy),
    ],
)
def test_yes_means_it_loads(tree: Path, release: Release, capsys: pytest.CaptureFixture[str]) -> None:
    said = verdicts(scan(tree), release.target)
    assert len(said) >= 25
    real = loaded(tree, sorted(said), release)
    differing = [
        (path, "audit: " + "; ".join(map(str, said[path])) if said[path] else "audit: loads", real[path])
        for path in sorted(said)
        if (not said[path]) != real[path][0]
    ]
    capsys.readouterr()
    with capsys.disabled():
        loading = sum(ok for ok, _ in real.values())
        sys.stderr.write(
            f" {release.suite}: {len(said)} files, {loading} load, {len(differing)} differ from the audit "
        )
    assert not differing
