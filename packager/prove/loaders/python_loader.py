"""Loads a bundle inside the runtime's own Python and reports every step; started by packager.prove, never shipped.

Finding the handler follows AWS's runtime interface client (aws-lambda-python-runtime-interface-client, bootstrap.py).
Usage and report lines are those of ``node_loader.cjs``. Standard library only, any Python from 3.8 on.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import site
import sys
import time
import traceback
from typing import Any

assert sys.platform == "linux", "bundles run on Linux"

PROCESSES = 1024  # Lambda's limit of processes and threads


class Loader:
    """One run: load the handler, open every native file, answer the event if there is one."""

    def __init__(self, marker: str, fd: int, request: dict[str, Any]) -> None:
        self.marker = marker
        self.fd = fd
        self.request = request
        self.phase = "start"
        self.opened: set[str] = set()
        self.watching: Any = None

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

    def fail(self, error: BaseException, **fields: object) -> None:
        """Report a failure and end the process at once, whatever threads the bundle has started."""
        described: dict[str, object] = {
            "name": type(error).__name__,
            "message": str(error)[:4000],
            "code": "",
            "stack": "".join(traceback.format_exception(type(error), error, error.__traceback__))[-8000:],
            "path": str(getattr(error, "path", None) or getattr(error, "filename", None) or "")[:1000],
            "type": "syntax" if isinstance(error, SyntaxError) else "",
        }
        self.report("failed", **{**described, **fields})
        self.leave(1)

    def leave(self, code: int) -> None:
        """End without exit handlers: on Lambda a process is frozen, never ended in order."""
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Audit hook: say which native file is about to be opened, so that a crash in it can be put down to it."""
        path = ""
        if event == "import" and len(arguments) > 1 and isinstance(arguments[1], str):
            path = arguments[1]
        elif event == "ctypes.dlopen" and arguments and isinstance(arguments[0], str):
            path = arguments[0]
        if path.startswith((self.request["taskRoot"], self.request["layerRoot"])) and os.path.isfile(path):  # noqa: PTH113
            self.opened.add(os.path.realpath(path))
            self.report("native", path=path)

    def extend_path(self) -> None:
        """Put the bundle where Lambda's Python has it on sys.path: task, layers, runtime, then the standard library."""
        layer, version = self.request["layerRoot"], "{}.{}".format(*sys.version_info[:2])
        standard = [path for path in sys.path if path]
        sys.path[:] = [
            self.request["taskRoot"],
            f"{layer}/python/lib/python{version}/site-packages",
            f"{layer}/python",
            "/var/runtime",
            *standard,
        ]

    def load_handler(self) -> Any:
        """Return the handler, or report why there is none."""
        name: str = self.request["handler"]
        module_name, dot, function = name.rpartition(".")
        if not dot or not module_name:
            return self.fail(ValueError(f"{name!r} is not MODULE.FUNCTION"), kind="malformed-handler")
        if module_name.split(".")[0] in sys.builtin_module_names:
            return self.fail(ValueError(f"{module_name} is a built-in module"), kind="malformed-handler")
        module = importlib.import_module(module_name.replace("/", "."))
        names = sorted(key for key, value in vars(module).items() if callable(value) and not key.startswith("_"))
        if not hasattr(module, function):
            return self.fail(AttributeError(function), kind="no-export", exports=names[:20])
        handler = getattr(module, function)
        if not callable(handler):
            return self.fail(TypeError(function), kind="not-a-function", exports=names[:20])
        return handler

    def load_native(self, path: str) -> None:
        """Open one extension module the handler did not load, without running its initialiser."""
        import ctypes

        if os.path.realpath(path) in self.opened:
            return
        try:
            ctypes.CDLL(path, mode=os.RTLD_LAZY | os.RTLD_LOCAL)
        except OSError as error:
            self.report("native-failed", name="OSError", message=str(error)[:4000], code="", stack="", path=path)

    def settle(self) -> None:
        """Wait until no thread is left that the code has started, for a while at most: one may end the process."""
        threading = sys.modules.get("threading")
        if threading is None:
            return
        ends = time.monotonic() + self.request["settleMs"] / 1000
        own = threading.get_ident()
        while time.monotonic() < ends and any(thread.ident != own for thread in threading.enumerate()):
            time.sleep(0.01)

    def invoke(self, handler: Any) -> None:
        """Call the handler with the event and report its answer as JSON."""
        deadline = time.monotonic() + self.request["timeoutMs"] / 1000
        text = json.dumps(handler(self.request["event"], Context(deadline)))
        self.report("answer", text=text[:100_000], bytes=len(text.encode()))

    def run(self) -> None:
        """Load, open, invoke, in this order."""
        self.report("start", runtime="python", version="{}.{}.{}".format(*sys.version_info[:3]))
        self.enter("load")
        handler = self.load_handler() if self.request["handler"] else None
        if handler is not None:
            self.report("handler")
        self.enter("packages")
        for name in self.request["packages"]:
            self.report("package", path=name)
            importlib.import_module(name)
        self.enter("settle")
        self.settle()
        if self.request["invoke"]:
            self.enter("invoke")
            self.invoke(handler)
        self.enter("natives")
        for path in self.request["natives"]:
            self.load_native(path)
        self.report("done", **self.watching.usage())


class Context:
    """What handlers get as their second argument."""

    aws_request_id = "00000000-0000-4000-8000-000000000000"
    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "")
    memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:packager-proof"
    log_group_name = "/aws/lambda/packager-proof"
    log_stream_name = "packager-proof"
    identity = None
    client_context = None

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left before the time limit."""
        return max(int((self._deadline - time.monotonic()) * 1000), 0)


def main() -> None:
    """Run one request; a bundle may raise anything, SystemExit included."""
    marker, fd, request_file = sys.argv[1:]
    del sys.argv[1:]
    with open(request_file, encoding="utf-8") as file:  # noqa: PTH123
        loader = Loader(marker, int(fd), json.load(file))
    if sys.flags.no_site:  # the machine's own packages are kept out with -S; `exit` and friends are still expected
        site.setquit()
        site.sethelper()
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    loader.watching = importlib.import_module("python_watch")
    del sys.path[0]
    loader.extend_path()
    sys.addaudithook(loader.watch)
    tell = lambda kind, what: loader.report("tried", kind=kind, path=what[:1000])  # noqa: E731
    sys.addaudithook(loader.watching.Watch(tell, PROCESSES).see)
    try:
        loader.run()
    except SystemExit as error:
        loader.report("exit", code=error.code if isinstance(error.code, int) else 0 if error.code is None else 1)
        loader.leave(1)
    except BaseException as error:  # the report of a bundle's failure is the purpose of this program
        loader.fail(error)
    loader.leave(0)


if __name__ == "__main__":
    main()
