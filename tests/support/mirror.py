"""A mirror of Prisma's engines on loopback: addresses and checksums as the real one has them, and its failures.

Source of the layout: ``<base>/<channel>/<commit>/<binary target>/<file>.gz``, ``.gz.sha256`` and ``.sha256`` beside it.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Fault = Literal["", "404", "500", "no sums", "wrong sum", "wrong packed sum", "hangs", "cut off", "html", "not gzip"]


@dataclass
class Mirror:
    """What it serves, how it misbehaves, and what it was asked for."""

    address: str
    content: Callable[[str, str], bytes]
    """(binary target, file) → the engine's bytes."""
    fault: Fault = ""
    faults_left: int = 1_000_000
    """After so many faulty answers it behaves."""
    requests: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def running_mirror(content: Callable[[str, str], bytes]) -> Iterator[Mirror]:
    """Serve until the context ends; the port is free and loopback only."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, mirror)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    mirror = Mirror(f"http://127.0.0.1:{server.server_address[1]}", content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield mirror
    finally:
        mirror.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(handler: BaseHTTPRequestHandler, mirror: Mirror) -> None:
    mirror.requests.append(handler.path)
    _, _commit, target, name = handler.path.strip("/").split("/")
    plain = mirror.content(target, name.partition(".gz")[0].removesuffix(".sha256"))
    packed = gzip.compress(plain, 1, mtime=0)
    fault = mirror.fault if mirror.faults_left > 0 else ""
    is_sum = name.endswith(".sha256")
    if fault and not (is_sum and fault in ("cut off", "html", "not gzip", "hangs")):
        mirror.faults_left -= 1
    if fault == "hangs" and not is_sum:
        mirror.released.wait(30)
        return
    if fault in ("404", "500") or (fault == "no sums" and is_sum):
        handler.send_error(500 if fault == "500" else 404)
        return
    if name.endswith(".gz.sha256"):
        served = packed if fault != "html" else b"<html>Forbidden</html>"
        served = plain if fault == "not gzip" else served
        body = _sum(b"another" if fault == "wrong packed sum" else served, name)
    elif is_sum:
        body = _sum(b"another" if fault == "wrong sum" else plain, name)
    else:
        body = {"html": b"<html>Forbidden</html>", "not gzip": plain}.get(fault, packed)
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2] if fault == "cut off" and not is_sum else body)


def _sum(content: bytes, name: str) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}  {name.removesuffix('.sha256')}\n".encode()
