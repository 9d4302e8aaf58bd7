"""One question: does this archive start at its host and answer this event? One function per host's client."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.hosts import free_port
from tests.support.witnesses import clients, settings
from tests.support.witnesses.room import Room, unpack
from tests.support.witnesses.runtime_api import RuntimeApi

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

SCRIPTS = Path(__file__).parent
_STREAM_PRELUDE = b"\0" * 8


@dataclass(frozen=True)
class Question:
    """An archive (or a folder in its place), where it should run, and what is sent to it."""

    archive: Path
    host: str
    """A target's name: aws-lambda, netlify, vercel, now, google-cloud-functions."""
    runtime: str
    """As the host writes it: nodejs22.x, python3.11."""
    handler: str
    """The handler; for Vercel and Now the entry file, for Google the function's name."""
    event: Any = None
    """Lambda: the event. Else the request: {"method": …, "path": …, "body": …}."""
    layers: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0
    """Seconds between the end of the start and the event."""
    seconds: float = 60

    @property
    def version(self) -> str:
        """Return the runtime's version: 22, 3.11."""
        return self.runtime.removeprefix("nodejs").removeprefix("python").removesuffix(".x")


@dataclass(frozen=True)
class Answer:
    """What came of it."""

    ran: bool
    """It started and answered, with no error and no status of 500 or more."""
    where: str
    """answer, init, invoke, exit, timeout."""
    said: str
    """The answer, or the error with the end of what was printed."""


class Unavailable(Exception):
    """This machine lacks what the witness needs."""


def ask(question: Question) -> Answer:
    """Return what the host's client makes of an archive. Raises Unavailable."""
    with tempfile.TemporaryDirectory(prefix="witness-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        task = unpack(question.archive, folder / "task")
        layers = None
        for layer in question.layers:
            layers = unpack(layer, folder / "layers")
        if question.host == "google-cloud-functions":
            return _framework(question, folder, task)
        if question.host in ("vercel", "now"):
            return _launcher(question, folder, task)
        return _lambda(question, folder, task, layers)


def _lambda(question: Question, folder: Path, task: Path, layers: Path | None) -> Answer:
    """Netlify's functions are Lambda's: its zips are called by their own handler."""
    event = {} if question.event is None else question.event
    with RuntimeApi(event, question.pause, question.seconds) as api:
        environment = settings.lambda_environment(question.runtime, question.handler, api.port)
        if question.runtime.startswith("python"):
            room, command = _python_client(question, folder, task, layers, environment)
        else:
            room, command = _node_client(question, folder, task, layers, environment)
        with _running(room, command, {**environment, **question.environment}, folder / "log") as process:
            ended = time.monotonic() + question.seconds
            while not api.heard.done.wait(0.02) and process.poll() is None and time.monotonic() < ended:
                pass
            api.heard.done.wait(0.1)
            code = process.poll()
        heard, said = api.heard, _tail(folder / "log")
    if heard.where == "answer":
        return _judged(heard.body)
    if heard.where:
        return Answer(ran=False, where=heard.where, said=f"{heard.body.decode(errors='replace')}\n{said}")
    return Answer(ran=False, where="timeout" if code is None else "exit", said=f"exit {code}: {said}")


def _node_client(
    question: Question, folder: Path, task: Path, layers: Path | None, environment: dict[str, str]
) -> tuple[Room, list[str]]:
    client, main = clients.lambda_client(question.version)
    search = question.environment.get("NODE_PATH") or settings.node_path(question.version)
    environment.update(NODE_PATH=search, WITNESS_SEARCH_PATH=search)
    options = settings.node_options(question.host, question.environment.get("NODE_OPTIONS", ""))
    room = Room(
        folder / "room", task, client, layers, clients.node_program(question.version),
        clients.runtime_packages(), SCRIPTS,
    )  # fmt: skip
    importing = ["--import", "/var/scripts/search_path.mjs"]
    command = ["/var/lang/bin/node", *options, *importing, f"/var/witness/{main}", question.handler]
    if (wrapper := question.environment.get("AWS_LAMBDA_EXEC_WRAPPER")) is not None:
        command = [wrapper, *command]
    return room, command


def _python_client(
    question: Question, folder: Path, task: Path, layers: Path | None, environment: dict[str, str]
) -> tuple[Room, list[str]]:
    program = clients.python_program(question.version)
    if program is None:
        msg = f"there is no python{question.version}"
        raise Unavailable(msg)
    own = question.environment.get("PYTHONPATH", "")
    places = [settings.module_path(question.version), *filter(None, [own]), "/var/witness"]
    environment["PYTHONPATH"] = ":".join(places)
    start = "import runpy; runpy.run_module('awslambdaric', run_name='__main__')"
    room = Room(folder / "room", task, clients.python_client(program), layers)
    return room, [program, "-S", "-B", "-c", start, question.handler]


def _launcher(question: Question, folder: Path, task: Path) -> Answer:
    bridge = clients.tool(clients.LAUNCHER)
    environment = settings.lambda_environment(question.runtime, "", 0)
    request = {"method": "GET", "path": "/", "headers": {"host": "example.com"}, **(question.event or {})}
    environment.update(VERCEL="1", WITNESS_PAUSE=str(question.pause))
    options = settings.node_options(question.host, question.environment.get("NODE_OPTIONS", ""))
    room = Room(folder / "room", task, bridge, None, clients.node_program(question.version), None, SCRIPTS)
    words = ["/var/witness/node_modules/@vercel/node-bridge", f"/var/task/{question.handler}", json.dumps(request)]
    command = ["/var/lang/bin/node", *options, "/var/scripts/launch.cjs", *words]
    with _running(room, command, {**environment, **question.environment}, folder / "log") as process:
        ended = time.monotonic() + question.seconds
        while process.poll() is None and time.monotonic() < ended:
            time.sleep(0.02)
        code = process.poll()
    said = (folder / "log").read_text(errors="replace")
    mark = said.rfind("\nWITNESS ")
    if code == 0 and mark >= 0:
        return _judged(said[mark:].removeprefix("\nWITNESS ").strip().encode())
    return Answer(ran=False, where="timeout" if code is None else "exit", said=f"exit {code}: {said[-1500:]}")


def _framework(question: Question, folder: Path, task: Path) -> Answer:
    port = free_port()
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", "NODE_ENV": "production",
        "PORT": str(port), "K_SERVICE": "witness",
        "FUNCTION_TARGET": question.handler, "FUNCTION_SIGNATURE_TYPE": "http",
    }  # fmt: skip
    options = settings.node_options(question.host, question.environment.get("NODE_OPTIONS", ""))
    client = clients.tool(clients.FRAMEWORK)
    room = Room(folder / "room", task, client, None, clients.node_program(question.version))
    main = "/var/witness/node_modules/@google-cloud/functions-framework/build/src/main.js"
    command = ["/var/lang/bin/node", *options, main]
    with _running(room, command, {**environment, **question.environment}, folder / "log") as process:
        ended = time.monotonic() + question.seconds
        while process.poll() is None and time.monotonic() < ended:
            try:
                with urllib.request.urlopen(_request(port, question.event or {}), timeout=10) as reply:
                    body = reply.read()
                    return _judged(json.dumps({"statusCode": reply.status, "body": body.decode()}).encode())
            except urllib.error.HTTPError as error:
                return _judged(json.dumps({"statusCode": error.code, "body": error.read().decode()}).encode())
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        code = process.poll()
    return Answer(ran=False, where="timeout" if code is None else "exit", said=f"exit {code}: {_tail(folder / 'log')}")


@contextmanager
def _running(
    room: Room, command: list[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = room.start(command, environment, out)
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _judged(body: bytes) -> Answer:
    """Return the answer; a status of 500 or more, of a streamed one too, or an error in its place is none."""
    head = body.partition(_STREAM_PRELUDE)[0]
    text = body.decode(errors="replace")
    try:
        document = json.loads(head)
    except ValueError:
        return Answer(ran=True, where="answer", said=text)
    wrong = isinstance(document, dict) and (
        (isinstance(document.get("statusCode"), int) and document["statusCode"] >= 500)
        or {"errorType", "errorMessage"} <= set(document)
    )
    return Answer(ran=not wrong, where="answer", said=text)


def _request(port: int, event: Mapping[str, Any]) -> urllib.request.Request:
    return urllib.request.Request(f"http://127.0.0.1:{port}{event.get('path', '/')}", method=event.get("method", "GET"))


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-1500:]
