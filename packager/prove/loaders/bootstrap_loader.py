"""The Lambda Runtime API for one custom runtime: starts its bootstrap, hands it the event, reports every step.

Started by packager.prove inside the sandbox, in the place of Lambda; never shipped. Usage and report lines are those of
``node_loader.cjs``. Standard library only, any Python from 3.8 on.
Source: developer guide, "Using the Lambda runtime API" (version 2018-06-01), "Building a custom runtime".
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERSION = "2018-06-01"
REQUEST_ID = "00000000-0000-4000-8000-000000000000"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:packager-proof"
LONGEST_ANSWER = 6 << 20  # Lambda's limit of a response


class StandIn:
    """What stands in Lambda's place: the state of one start and at most one call."""

    def __init__(self, marker: str, fd: int, request: dict[str, Any]) -> None:
        self.marker = marker
        self.fd = fd
        self.request = request
        self.phase = "start"
        self.asked = False
        self.over = threading.Event()
        self.lock = threading.Lock()

    def report(self, step: str, **fields: object) -> None:
        """Write one report line, whole."""
        text = json.dumps({"step": step, "phase": self.phase, **fields})
        rest = f"\n{self.marker} {base64.b64encode(text.encode()).decode()}\n".encode()
        while rest:
            rest = rest[os.write(self.fd, rest) :]

    def enter(self, phase: str) -> None:
        """Say what comes next, so that a crash or a time limit can be put down to it."""
        self.phase = phase
        self.report("phase")

    def finish(self, step: str, **fields: object) -> None:
        """Report the end, once."""
        with self.lock:
            if not self.over.is_set():
                self.report(step, **fields)
                self.over.set()

    def failed(self, body: bytes, error_type: str) -> None:
        """Report an error the runtime has posted: ``{errorMessage, errorType, stackTrace}``."""
        try:
            said = json.loads(body)
        except ValueError:
            said = None
        said = said if isinstance(said, dict) else {"errorMessage": body.decode("utf-8", "replace")}
        stack = said.get("stackTrace") or []
        self.finish(
            "failed",
            name=str(said.get("errorType") or error_type or "Error")[:200],
            message=str(said.get("errorMessage") or "")[:4000],
            code="",
            stack="\n".join(map(str, stack if isinstance(stack, list) else [stack]))[:8000],
            path="",
        )

    def next_event(self) -> bytes | None:
        """Return the event for the first one who asks; None to everybody after: there is nothing left to do."""
        with self.lock:
            first, self.asked = not self.asked, True
        if first:
            self.report("handler")
            if self.request["invoke"]:
                self.enter("invoke")
                return json.dumps(self.request["event"]).encode()
            self.finish("done")
        return None

    def answered(self, body: bytes) -> None:
        """Report the answer: its JSON, or its text as JSON where it is none."""
        text = body.decode("utf-8", "replace")
        try:
            json.loads(text)
        except ValueError:
            text = json.dumps(text)
        with self.lock:
            if not self.over.is_set():
                self.report("answer", text=text[:100_000], bytes=len(body))
        self.finish("done")


class Api(BaseHTTPRequestHandler):
    """The four calls of the Runtime API."""

    host: StandIn
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer ``next``; a second request waits for ever, as on Lambda between two calls."""
        if self.path != f"/{VERSION}/runtime/invocation/next":
            return self.say(404, b'{"errorMessage": "no such path", "errorType": "InvalidPath"}')
        event = self.host.next_event()
        if event is None:
            self.host.over.wait()
            time.sleep(3600)  # the process ends before
            return None
        deadline = int(time.time() * 1000 + self.host.request["timeoutMs"])
        return self.say(
            200,
            event,
            {
                "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": ARN,
                "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
            },
        )

    def do_POST(self) -> None:
        """Take an answer or an error."""
        body = self.body()
        error_type = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        call = f"/{VERSION}/runtime/invocation/{REQUEST_ID}"
        if self.path == f"{call}/response":
            self.say(202, b"{}")
            self.host.answered(body)
        elif self.path in (f"{call}/error", f"/{VERSION}/runtime/init/error"):
            self.say(202, b"{}")
            self.host.failed(body, error_type)
        else:
            self.say(400, b'{"errorMessage": "no such call or request id", "errorType": "InvalidRequestID"}')

    def body(self) -> bytes:
        """Return what was posted, sent whole or in chunks (a streamed response)."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LONGEST_ANSWER))
        parts = []
        while True:
            size = int(self.rfile.readline().split(b";")[0] or b"0", 16)
            parts.append(self.rfile.read(size))
            self.rfile.readline()
            if not size:
                return b"".join(parts)

    def say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send one answer."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing: the bundle's own words are all that belongs there."""


def main() -> None:
    """Serve one bootstrap until it has answered, failed or ended."""
    marker, fd, request_file = sys.argv[1:]
    with open(request_file, encoding="utf-8") as file:  # noqa: PTH123
        host = StandIn(marker, int(fd), json.load(file))
    Api.host = host
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host.report("start", runtime="provided", version=VERSION)
    host.enter("load")
    roots = (host.request["taskRoot"], host.request["layerRoot"])
    path = next((f"{root}/bootstrap" for root in roots if os.path.isfile(f"{root}/bootstrap")), "")  # noqa: PTH113
    environment = {**os.environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"}
    try:
        process = subprocess.Popen([path], env=environment, cwd=roots[0])
    except OSError as error:
        host.finish("failed", name="OSError", message=str(error), code="", stack="", path=path, kind="bootstrap")
        os._exit(1)

    def ended() -> None:
        code = process.wait()
        if code < 0:
            with host.lock:
                if not host.over.is_set():
                    os._exit(128 - code)
        host.finish("exit", code=code)

    threading.Thread(target=ended, daemon=True).start()
    host.over.wait()
    os._exit(0)


if __name__ == "__main__":
    main()
