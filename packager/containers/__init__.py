"""Running a command in an image. The only door to Docker is `docker_engine`; everything else sees this Protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path, PurePosixPath

    from packager.catalog.records import Arch


@dataclass(frozen=True)
class Command:
    """One command to run in a container."""

    argv: tuple[str, ...]
    workdir: PurePosixPath
    environment: tuple[tuple[str, str], ...] = ()
    timeout_seconds: float | None = None


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    exit_code: int
    output: str
    """The last lines of stdout and stderr as they came, secrets masked."""
    seconds: float
    out_of_memory: bool = False
    timed_out: bool = False


@dataclass(frozen=True)
class Limits:
    """What a container may use; the proof's sandbox. None means the engine's default."""

    memory_bytes: int | None = None
    pids: int | None = None
    network: bool = True
    read_only: bool = False
    user: str = ""
    tmpfs: tuple[tuple[str, str], ...] = ()
    """(path, options) pairs such as ("/tmp", "size=512m")."""
    drop_capabilities: bool = False


@dataclass(frozen=True)
class EngineInfo:
    """The Docker engine that answered."""

    version: str
    api_version: str
    arch: str
    address: str
    """Where it answered, such as ``unix:///var/run/docker.sock``."""


@dataclass(frozen=True)
class Image:
    """An image on the engine."""

    name: str
    id: str
    """``sha256:…``"""
    arch: str


class Container(Protocol):
    """A running container. Removed when its context ends, whatever happened in it."""

    def copy_in(self, tar: IO[bytes] | Iterable[bytes], into: PurePosixPath) -> None:
        """Unpack a tar stream inside the container."""

    def copy_out(self, path: PurePosixPath, into: Path, keep: Callable[[str], bool] | None = None) -> None:
        """Unpack a folder of the container into an existing host folder, every path proved to stay inside it."""

    def run(self, command: Command, on_line: Callable[[str], None] | None = None) -> Outcome:
        """Run a command to its end, passing on output line by line."""


class Containers(Protocol):
    """The door: an engine that has images and runs containers."""

    def info(self) -> EngineInfo:
        """Return the engine's facts; raises DockerFault when none answers."""

    def find_image(self, name: str, arch: Arch) -> Image | None:
        """Return a local image of that name and architecture."""

    def pull(self, name: str, arch: Arch) -> Image:
        """Fetch an image; raises DockerFault saying what was tried and what to do instead."""


@dataclass(frozen=True)
class BuildArguments:
    """What an image is built from; the tag is derived from all of it."""

    dockerfile: Path
    base: str
    arguments: tuple[tuple[str, str], ...] = field(default=())
