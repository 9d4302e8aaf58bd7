"""What is asked of a loader, and the environment it runs in: the runtime's own and nothing else. Pure."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packager.model.targets import Arch, Target

SETTLE_SECONDS = 1.0
"""How long a start that does not become idle by itself is watched after the handler is loaded."""

# Folders Debian-like systems keep their libraries in. They stand where /lib64 stands on Amazon Linux: before the
# bundle's own folders, so that a bundled copy of a system library is shadowed in a stand-in as it is on the target.
_MULTIARCH: dict[Arch, str] = {"x86_64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
_SYSTEM_FOLDERS = ("/lib64", "/usr/lib64")


@dataclass(frozen=True)
class ProofRequest:
    """What to load, as what, in the paths of the runtime."""

    handler: str
    """``src/handler.handler``; empty for layers."""
    target: Target
    own: Mapping[str, str] = field(default_factory=dict)
    """The function's own environment variables."""
    natives: tuple[str, ...] = ()
    """Native files to open once each: ``/opt/nodejs/node_modules/x/y.node``."""
    packages: tuple[str, ...] = ()
    """Packages of a layer to load by name."""
    event: object | None = None
    """What to call the handler with; None: it is loaded, not called."""
    timeout_seconds: float = 30.0
    memory_bytes: int = 1 << 30
    """What the function may use: the container's limit, or the size of Node's heap on this machine."""
    unknown_flags: frozenset[str] = frozenset()
    """Options of the target's interpreter that the one at hand is too old to know, and so does not need."""
    traced: bool = False
    """Take the start apart, package by package. Costs time itself, so what is measured is not traced."""
    marker: str = field(default_factory=lambda: f"packager-{secrets.token_hex(16)}")
    """Begins each report line. Random, so that nothing a bundle prints is taken for a report."""

    @property
    def convention(self) -> str:
        """Return how the host calls: with an ``event``, a ``request`` and its response, or a ``server`` over HTTP."""
        if self.target.launcher == "server":
            return "server"
        signature = runtime_environment(self).get("FUNCTION_SIGNATURE_TYPE")  # Google's functions framework
        return "request" if self.target.launcher == "module" or signature == "http" else "event"

    @property
    def flags(self) -> tuple[str, ...]:
        """Return the options that decide what code runs, as the host gives them to the interpreter."""
        applied = (flag.flag for flag in self.target.system.flags_of(self.own))
        return tuple(flag for flag in dict.fromkeys(applied) if flag not in self.unknown_flags)

    def to_json(self, task_root: str, layer_root: str) -> str:
        """Return what the loader reads."""
        return json.dumps(
            {
                "handler": self.handler,
                "launcher": self.target.launcher,
                "convention": self.convention,
                "callbacks": self.target.callbacks,
                "importVariable": self.target.system.import_variable,
                "settleMs": int(SETTLE_SECONDS * 1000),
                "natives": self.natives,
                "packages": self.packages,
                "invoke": self.event is not None,
                "event": self.event,
                "timeoutMs": int(self.timeout_seconds * 1000),
                "taskRoot": task_root,
                "layerRoot": layer_root,
            }
        )


def runtime_environment(request: ProofRequest) -> dict[str, str]:
    """Return the variables the runtime sets, with the function's own over them.

    HOME is not among them, as on Lambda. Source: developer guide, "Defined runtime environment variables".
    """
    system = request.target.system
    # An empty NODE_PATH counts as none in the bootstrap, which then sets its own.
    own = {key: value for key, value in request.own.items() if value or key != "NODE_PATH"}
    return {
        **dict(system.environment),
        "LD_LIBRARY_PATH": ":".join(_library_path(system.library_path, request.target.arch)),
        "_HANDLER": request.handler,
        **own,
    }


def _library_path(folders: Sequence[str], arch: Arch) -> list[str]:
    multiarch = [f"{folder}/{_MULTIARCH[arch]}" for folder in ("/lib", "/usr/lib")]
    last = max((index for index, folder in enumerate(folders) if folder in _SYSTEM_FOLDERS), default=-1)
    return [*folders[: last + 1], *multiarch, *folders[last + 1 :]] if last >= 0 else list(folders)


def moved(environment: Mapping[str, str], places: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with mount points replaced, path by path, where they can't be mounted for real.

    >>> moved({"NODE_PATH": "/opt/nodejs/node_modules:/optional", "A": "b"}, {"/opt": "/scratch/opt"})
    {'NODE_PATH': '/scratch/opt/nodejs/node_modules:/optional', 'A': 'b'}
    """

    def place(path: str) -> str:
        for mount, folder in places.items():
            if path == mount or path.startswith(f"{mount}/"):
                return folder + path[len(mount) :]
        return path

    return {key: ":".join(place(part) for part in value.split(":")) for key, value in environment.items()}
