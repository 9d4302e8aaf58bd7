"""The contract of a container engine, and the values it takes and returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path, PurePosixPath

    from packager.model.targets import Arch


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
    processes: int = 0
    """In the container when the time was over, just before they were ended; 0 for commands that came to an end."""


@dataclass(frozen=True)
class ContainerLimits:
    """What a container may use; the proof's sandbox. None means the engine's default."""

    memory_bytes: int | None = None
    pids: int | None = None
    network: bool = True
    read_only: bool = False
    user: str = ""
    tmpfs: tuple[tuple[str, str], ...] = ()
    """(path, options) pairs such as ("/tmp", "size=512m")."""
    drop_capabilities: bool = False


UNLIMITED = ContainerLimits()


@dataclass(frozen=True)
class EngineInfo:
    """The Docker engine that answered."""

    version: str
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


@dataclass(frozen=True)
class Volume:
    """A named volume, kept by the engine from run to run: package managers' caches."""

    name: str
    path: PurePosixPath


@dataclass(frozen=True)
class ReadOnlyTree:
    """A tree put into a container before it starts, and read-only in it even for root."""

    path: PurePosixPath
    tar: IO[bytes] | Iterable[bytes]


class Containers(Protocol):
    """The door: an engine that has images and runs containers."""

    def info(self) -> EngineInfo:
        """Return the engine's facts; raises DockerFault when none answers."""

    def find_image(self, name: str, arch: Arch) -> Image | None:
        """Return a local image of that name and architecture."""

    def pull(self, name: str, arch: Arch) -> Image:
        """Fetch an image; raises DockerFault saying what was tried and what to do instead."""

    def build_image(self, arguments: BuildArguments, arch: Arch, on_line: Callable[[str], None] | None = None) -> Image:
        """Return the image built from these arguments, from an earlier run if it is still there."""

    def start(
        self,
        image: Image,
        *,
        limits: ContainerLimits = UNLIMITED,
        environment: Sequence[tuple[str, str]] = (),
        volumes: Sequence[Volume] = (),
        trees: Sequence[ReadOnlyTree] = (),
    ) -> AbstractContextManager[Container]:
        """Start a container that waits for commands, and remove it when the context ends, whatever happened.

        Trees with the same path are unpacked over one another in their order, as Lambda merges layers into /opt.
        """


@dataclass(frozen=True)
class BuildArguments:
    """What an image is built from; the tag is derived from all of it."""

    dockerfile: Path
    """Its folder's name is the image's family."""
    base: str
    """Name of the base image: the build argument BASE."""
    arguments: tuple[tuple[str, str], ...] = field(default=())
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    """(name, content) of further files in the build context, such as a CA bundle."""
    unnamed: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Arguments that do not change what is built, such as proxies: not part of the tag."""
