"""Lambda's runtime API, as far as one event needs it: the next event, its answer or error, an error of the start."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

REQUEST = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
ROOT = "/2018-06-01/runtime"


@dataclass
class Heard:
    """What a client said: `where` is "answer", "invoke" (an error), "init" (an error), or empty so far."""

    where: str = ""
    body: bytes = b""
    done: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that was ended breaks its connection."""


class RuntimeApi:
    """Serves one event on a port of this machine, `pause` seconds after the client asks for it; then none."""

    def __init__(self, event: object, pause: float = 0, seconds: float = 60) -> None:
        self.heard = heard = Heard()
        text = json.dumps(event).encode()
        given = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *words: Any) -> None:
                """Print nothing."""

            def do_GET(self) -> None:
                if given.is_set():
                    heard.done.wait(seconds)
                    return
                given.set()
                time.sleep(pause)
                deadline = str(int((time.time() + seconds) * 1000))
                self.send_response(200)
                for name, value in (
                    ("Content-Type", "application/json"),
                    ("Content-Length", str(len(text))),
                    ("Lambda-Runtime-Aws-Request-Id", REQUEST),
                    ("Lambda-Runtime-Deadline-Ms", deadline),
                    ("Lambda-Runtime-Trace-Id", "Root=1-67490000-000000000000000000000000;Sampled=0"),
                    ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:000000000000:function:witness"),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def do_POST(self) -> None:
                body, broken = self._body()
                if not heard.where:
                    init, failed = self.path.endswith("/init/error"), self.path.endswith("/error") or broken
                    heard.where = "init" if init else "invoke" if failed else "answer"
                    heard.body = body
                self.send_response(202)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")
                heard.done.set()

            def _body(self) -> tuple[bytes, bool]:
                """Return what was posted, streamed or not, and whether its trailer tells of an error."""
                if self.headers.get("Transfer-Encoding", "") != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0)), False
                parts = []
                while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                broken = False
                while (line := self.rfile.readline()) not in (b"\r\n", b"\n", b""):
                    broken = broken or line.lower().startswith(b"lambda-runtime-function-error-type")
                return b"".join(parts), broken

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> RuntimeApi:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.heard.done.set()
        self._server.shutdown()
        self._server.server_close()
