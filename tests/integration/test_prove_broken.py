"""The fifteen ways bundles break most in the field: each refused, and the finding names the cause, word for word."""

from __future__ import annotations

import json
import os
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.support.elfs import EM_AARCH64, write_elf
from tests.support.proving import NODE, Bench, Files, comes_to_an_end, needs_node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packager.model.findings import Finding
    from tests.conftest import Golden

pytestmark = needs_node

HANDLER = "exports.handler = async (event) => event;"
PKG = "node_modules/pkg"


@dataclass(frozen=True)
class Broken:
    """A bundle that would not work, in one way."""

    files: Files
    code: str
    handler: str = "index.handler"
    event: object | None = None
    dropped: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, int] = field(default_factory=dict)
    memory_bytes: int = 1 << 30
    timeout_seconds: float = 20
    environment: Mapping[str, str] = field(default_factory=dict)


def prisma(message: str) -> str:
    """Return a client that fails in the words of Prisma 6.19's runtime/library.js."""
    return f"""
class PrismaClientInitializationError extends Error {{}}
exports.PrismaClient = class {{ constructor() {{ throw new PrismaClientInitializationError(`{message}`) }} }};
"""


ENGINE_GONE = """Prisma Client could not locate the Query Engine for runtime "rhel-openssl-3.0.x".

This happened because Prisma Client was generated for "darwin-arm64", but the actual deployment required \
"rhel-openssl-3.0.x"."""

FIFTEEN: dict[str, Broken] = {
    "wrong architecture": Broken(
        {
            "index.js": f"require('pkg'); {HANDLER}",
            f"{PKG}/index.js": "require('./build/Release/addon.node')",
            f"{PKG}/build/Release/addon.node": write_elf(machine=EM_AARCH64, needed=("libc.so.6",)),
        },
        "RUN002",
    ),
    "built for musl": Broken(
        {
            "index.js": f"require('pkg'); {HANDLER}",
            f"{PKG}/index.js": "module.exports = require('./linux-x64.node')",
            f"{PKG}/linux-x64.node": write_elf(needed=("libc.musl-x86_64.so.1",)),
        },
        "RUN004",
    ),
    "engine missing": Broken(
        {
            "index.js": "const { PrismaClient } = require('@prisma/client');"
            f"const prisma = new PrismaClient(); {HANDLER}",
            "node_modules/@prisma/client/index.js": prisma(ENGINE_GONE),
        },
        "RUN006",
    ),
    "JSON file dropped": Broken(
        {"index.js": f"require('pkg'); {HANDLER}", f"{PKG}/index.js": "require('./lib/mime.json')"},
        "RUN001",
        dropped={f"{PKG}/lib/mime.json": "docs: no code reads it"},
    ),
    "module-sync export lost": Broken(
        {
            "index.js": f"require('pkg'); {HANDLER}",
            f"{PKG}/package.json": '{"exports": {"module-sync": "./dist/index.mjs", "require": "./dist/index.cjs"}}',
            f"{PKG}/dist/index.cjs": "",
        },
        "RUN001",
        dropped={f"{PKG}/dist/index.mjs": "trace: no require leads there"},
        environment={"NODE_OPTIONS": "--experimental-require-module"},  # the condition counts only with it
    ),
    "executable bit lost": Broken(
        {
            "index.js": "const { execFile } = require('child_process');"
            "exports.handler = (event, context, callback) => execFile(__dirname + '/bin/tool', callback);",
            "bin/tool": "#!/bin/sh\necho ok\n",
        },
        "RUN007",
        event={},
        modes={"bin/tool": 0o644},
    ),
    "writes into /var/task": Broken(
        {"index.js": f"require('fs').mkdirSync(__dirname + '/cache', {{ recursive: true }}); {HANDLER}"}, "RUN008"
    ),
    ".env on another path": Broken(
        {"src/index.js": f"require('fs').readFileSync(__dirname + '/../../.env', 'utf8'); {HANDLER}"},
        "RUN001",
        handler="src/index.handler",
    ),
    "wrong handler name": Broken({"index.js": f"{HANDLER} exports.warm = () => {{}};"}, "RUN011", "index.hander"),
    "ES module read as CommonJS": Broken(
        {
            "index.js": f"require('pkg'); {HANDLER}",
            f"{PKG}/package.json": '{"main": "index.js", "type": "commonjs"}',
            f"{PKG}/index.js": "import fs from 'node:fs';\nexport default fs;",
        },
        "RUN012",
    ),
    "layer not attached": Broken({"index.js": f"require('@acme/engine'); {HANDLER}"}, "RUN001"),
    "out of memory": Broken(
        {"index.js": "const all = []; for (;;) all.push(new Array(1e5).fill(all.length / 3));"},
        "RUN010",
        memory_bytes=64 << 20,
    ),
    "never ends": Broken({"index.js": "for (;;) {}"}, "RUN009", timeout_seconds=1.5),
    "throws at import": Broken(
        {"index.js": f"require('./config'); {HANDLER}", "config.js": "\nthrow new Error('DATABASE_URL is not set');"},
        "RUN014",
    ),
    "segmentation fault": Broken(
        {
            "index.js": f"require('pkg'); {HANDLER}",
            f"{PKG}/index.js": "module.exports = require('./addon.node')",
            # The loader calls DT_INIT, and there is no code: what a build for another processor ends in.
            f"{PKG}/addon.node": write_elf(needed=("libc.so.6",), init=0x10),
        },
        "RUN005",
    ),
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def told(findings: Sequence[Finding]) -> str:
    """Return findings as people read them, without what differs between versions of Node."""
    text = "".join(f"{finding}\n" for finding in findings).replace(f"nodejs{NODE}", "nodejsNN")
    return re.sub(r" \((it is not known whether )?aws-lambda nodejsNN.x starts Node with [^)]*\)", " (FLAG)", text)


@pytest.mark.parametrize("name", FIFTEEN)
def test_each_is_refused_and_the_finding_names_the_cause(bench: Bench, golden: Golden, name: str) -> None:
    case = FIFTEEN[name]
    proof = bench.prove(
        case.files,
        handler=case.handler,
        event=case.event,
        dropped=case.dropped,
        modes=case.modes,
        memory_bytes=case.memory_bytes,
        timeout_seconds=case.timeout_seconds,
        environment=case.environment,
    )
    assert (proof.status, [finding.code for finding in proof.findings]) == ("failed", [case.code]), proof
    assert str(bench.folder) not in str(proof), "no path of this machine may get into a manifest"
    golden.check(f"prove/{name.replace(' ', '-').replace('/', '').lstrip('.')}.txt", told(proof.findings))


def test_each_repaired_bundle_is_proved(bench: Bench) -> None:
    """The counter-check: what is refused above is refused for its one fault, not for something beside it."""
    repaired = {
        "JSON file dropped": {f"{PKG}/lib/mime.json": "{}"},
        "module-sync export lost": {f"{PKG}/dist/index.mjs": "export const a = 1"},
        ".env on another path": {"src/index.js": HANDLER},
        "ES module read as CommonJS": {f"{PKG}/package.json": '{"main": "index.cjs"}', f"{PKG}/index.cjs": ""},
        "throws at import": {"config.js": ""},
        "built for musl": {f"{PKG}/index.js": "try { require('./linux-x64.node') } catch {}"},
        "executable bit lost": {},
    }
    for name, files in repaired.items():
        case = FIFTEEN[name]
        modes = dict.fromkeys(case.modes, 0o755)
        proof = bench.prove(
            {**case.files, **files}, handler=case.handler, event=case.event, modes=modes, environment=case.environment
        )
        assert proof.status == "proved", (name, proof)


HOSTILE = """
const fs = require('fs'), net = require('net');
const { spawn, spawnSync } = require('child_process');
const out = {};
const attempt = (name, act) => {
  try { act(); out[name] = 'done' } catch (error) { out[name] = error.code || 'refused' }
};
for (const path of ['/var/task/x', '/opt/x', '/usr/x', '/etc/passwd', '/x', '%(outside)s'])
  attempt('write ' + path, () => fs.writeFileSync(path, 'mine'));
attempt('read the project', () => fs.readFileSync('%(outside)s'));
attempt('read /root', () => fs.readdirSync('/root'));
attempt('kill', () => process.kill(%(pid)d, 0));
attempt('fill /tmp', () => { for (let i = 0; i < 600; i++) fs.appendFileSync('/tmp/fill', Buffer.alloc(1 << 20)) });
attempt('become root', () => process.setuid(0));
attempt('mount', () => {
  if (spawnSync('/bin/mount', ['-t', 'tmpfs', 'x', '/mnt']).status !== 0) throw { code: 'EPERM' };
});
exports.handler = async () => {
  out.network = await new Promise((resolve) =>
    net.connect(%(port)d, '127.0.0.1')
      .on('connect', () => resolve('done')).on('error', (error) => resolve(error.code)));
  return out;
};
"""


def test_a_hostile_bundle_harms_nothing_and_is_seen_through(bench: Bench, tmp_path: Path) -> None:
    outside = tmp_path / "theirs.txt"
    outside.write_text("untouched")
    outside.chmod(0o666)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        values = {"outside": outside, "pid": os.getpid(), "port": server.getsockname()[1]}
        proof = bench.prove({"index.js": HOSTILE % values}, event={}, timeout_seconds=60)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert proof.status == "proved", proof
    tried = json.loads(proof.answer)
    assert [name for name, came in tried.items() if came == "done"] == [], tried
    assert tried["fill /tmp"] in ("ENOSPC", "EFBIG")
    assert tried["network"] == "ECONNREFUSED", "a network of its own, in which no server listens"
    assert outside.read_text() == "untouched"


BOMB = """
const { spawn } = require('child_process');
const bomb = () => { try { spawn('/bin/sh', ['-c', 'b() { b | b & }; b; sleep 61']).on('error', () => {}) } catch {} };
"""


def test_a_fork_bomb_that_does_nothing_else_is_refused_for_its_time(bench: Bench) -> None:
    proof = bench.prove({"index.js": BOMB + "bomb(); for (;;);"}, timeout_seconds=3)
    assert [finding.code for finding in proof.findings] == ["RUN009", "RUN024"]
    assert comes_to_an_end("sleep 61")


EATERS = {
    "heap": "const all = []; for (;;) all.push(new Array(1e5).fill(all.length / 3));",
    "buffers": "const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1));",
}


@pytest.mark.parametrize("name", EATERS)
def test_a_memory_eater_is_stopped_and_named(bench: Bench, name: str) -> None:
    proof = bench.prove({"index.js": EATERS[name]}, memory_bytes=128 << 20)
    assert (proof.status, [finding.code for finding in proof.findings]) == ("failed", ["RUN010"]), proof
