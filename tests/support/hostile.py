"""Bundles that try what their host refuses, and say nothing about it: the same for every place a proof runs in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hostile:
    """A bundle that swallows every error, and what has to be said of it all the same."""

    source: str
    code: str
    says: tuple[str, ...] = ()
    memory_bytes: int = 1 << 30


NODE = {
    "write outside /tmp": Hostile(
        """
        const fs = require('fs');
        for (const path of ['/var/task/x', '/opt/x']) try { fs.writeFileSync(path, '') } catch {}
        fs.promises.mkdir('/var/task/cache', { recursive: true }).catch(() => {});
        fs.createWriteStream('/var/task/log').on('error', () => {});
        fs.writeFileSync('/tmp/mine', '');
        try { fs.readFileSync('/etc/shadow') } catch {}
        exports.handler = () => new Promise((done) => setTimeout(done, 200));
        """,
        "RUN022",
        ("/var/task/x, /opt/x", "and 1 more"),
    ),
    "open the network": Hostile(
        """
        require('net').connect(5432, '192.0.2.1').on('error', () => {});
        require('https').get('https://example.com/').on('error', () => {});
        require('dns').promises.lookup('db.internal').catch(() => {});
        require('net').connect(1, '127.0.0.1').on('error', () => {});
        exports.handler = () => new Promise((done) => setTimeout(done, 200));
        """,
        "RUN023",
        ("192.0.2.1, example.com, db.internal:",),
    ),
    "fork-bomb": Hostile(
        """
        const { spawn } = require('child_process');
        const bomb = () => {
          const script = 'b() { b | b & }; b; sleep 62';
          try { spawn('/bin/sh', ['-c', script], { stdio: 'ignore' }).on('error', () => {}) } catch {}
        };
        for (let i = 0; i < 20; i++) bomb();
        exports.handler = () => new Promise((done) => setTimeout(done, 3000));
        """,
        "RUN024",
        ("processes without end",),
    ),
    "eat memory": Hostile(
        "const all = []; try { for (let i = 0; i < 20; i++) all.push(Buffer.alloc(1 << 24, 1)) } catch {}\n"
        "exports.handler = async () => all.length;",
        "",
        memory_bytes=128 << 20,
    ),
}
"""Of the last one, the code depends on the place: a container is ended (RUN010), a process measured (RUN025)."""

PYTHON = {
    "write outside /tmp": Hostile(
        """
import os
for path in ("/var/task/x", "/opt/x"):
    try:
        open(path, "w")
    except OSError:
        pass
try:
    os.makedirs("/var/task/cache/deep")
except OSError:
    pass
os.makedirs("/tmp/mine", exist_ok=True)
def handler(event, context): return 1
""",
        "RUN022",
        ("/var/task/x, /opt/x, /var/task/cache, but",),
    ),
    "open the network": Hostile(
        """
import socket, urllib.request
try:
    urllib.request.urlopen("http://example.com/", timeout=1)
except OSError:
    pass
try:
    socket.create_connection(("192.0.2.1", 5432), timeout=1)
except OSError:
    pass
try:
    socket.create_connection(("127.0.0.1", 1), timeout=1)
except OSError:
    pass
def handler(event, context): return 1
""",
        "RUN023",
        ("example.com, 192.0.2.1:",),
    ),
    "fork-bomb": Hostile(
        """
import os, time
def handler(event, context):
    for _ in range(1500):
        try:
            if os.fork() == 0:
                time.sleep(62)
                os._exit(0)
        except OSError:
            pass
    return 1
""",
        "RUN024",
        ("processes without end",),
    ),
    "eat memory": Hostile(
        """
pieces = []
try:
    for _ in range(20):
        pieces.append(bytes(range(256)) * (1 << 16))
except MemoryError:
    pass
def handler(event, context): return len(pieces)
""",
        "",
        memory_bytes=128 << 20,
    ),
}
