"""The verdict against reality: real addons and programs, loaded on three Debian releases. Yes has to mean: it loads."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from packager.catalog.current import load_catalog
from packager.inventory.archive import scan
from tests.support.mounts import target
from tests.support.reality import ASK, by_luck, compare, of_musl, python_image, question, tried, verdicts
from tests.support.reality import TRY as TRY_PYTHON
from tests.support.registry import npm_package

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.targets import Target

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
  // A library that is not an addon was loaded all the same; a program may not know --version. What the kernel does not
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
        system = msgspec.structs.replace(base.system, library_path=())
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
    answers = tried(release.image, tree, ["node", "/var/task/try.cjs"], [f"/var/task/{path}" for path in sorted(said)])
    assert not compare(release.suite, said, dict(zip(sorted(said), answers, strict=True)), capsys)


@pytest.mark.heavy
@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "trixie"])
def test_yes_means_that_musl_loads_it(tree: Path, suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    inventory = scan(tree)
    said = verdicts(inventory, of_musl(Release(suite, "debian-12").target))
    asked = [question(path, inventory, musl=True) for path in said]
    (tree / "try.py").write_text(TRY_PYTHON)
    real = dict(zip(said, tried(python_image(suite), tree, ASK, asked), strict=True))
    lucky = by_luck(said, real)
    rest = {path: found for path, found in said.items() if path not in lucky}
    assert not compare(f"{suite}, musl, besides {len(lucky)} of glibc taken by luck", rest, real, capsys)
