"""An engine in memory: its containers hold files in a dict and run commands by asking a Python function."""

from __future__ import annotations

import io
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from packager.containers.images import content_tag
from packager.containers.tarballs import ChunkReader, tar_stream, unpack_stream
from packager.core.errors import DockerFault
from packager.model.containers import (
    UNLIMITED,
    Command,
    ContainerLimits,
    EngineInfo,
    Image,
    Outcome,
    ReadOnlyTree,
    Volume,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from packager.model.containers import BuildArguments
    from packager.model.targets import Arch

Files = dict[str, bytes]
"""Absolute path in the container → content."""


def succeed(command: Command, files: Files) -> Outcome:
    """Run any command to a silent success."""
    return Outcome(0, "", 0.0)


@dataclass
class FakeContainer:
    """A container whose commands are a function of (command, files) that may change the files."""

    behave: Callable[[Command, Files], Outcome]
    files: Files = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    volumes: tuple[Volume, ...] = ()
    limits: ContainerLimits = UNLIMITED
    removed: bool = False

    def copy_in(self, tar: IO[bytes] | Iterable[bytes], into: PurePosixPath) -> None:
        """Keep the files of a tar."""
        chunks = iter(lambda: tar.read(1 << 16), b"") if hasattr(tar, "read") else tar
        with tarfile.open(fileobj=io.BytesIO(ChunkReader(chunks).read(1 << 40))) as opened:
            for member in opened:
                content = opened.extractfile(member)
                if content is not None:
                    self.files[str(into / member.name)] = content.read()
                    self.modes[str(into / member.name)] = member.mode

    def copy_out(self, path: PurePosixPath, into: Path, keep: Callable[[str], bool] | None = None) -> None:
        """Write the files below a path, through the same unpacking as the real engine's."""
        below = {name: content for name, content in self.files.items() if PurePosixPath(name).is_relative_to(path)}
        if not below:
            msg = f"the container has no {path}"
            raise DockerFault(msg)
        entries = (
            (str(PurePosixPath(name).relative_to(path.parent)), content) for name, content in sorted(below.items())
        )
        unpack_stream(tar_stream(entries), into, root=path.name, origin=str(path), keep=keep)

    def run(self, command: Command, on_line: Callable[[str], None] | None = None) -> Outcome:
        """Ask the function, and pass on what it "printed"."""
        self.commands.append(command)
        outcome = self.behave(command, self.files)
        if on_line is not None:
            for line in outcome.output.splitlines():
                on_line(line)
        return outcome


@dataclass
class FakeContainers:
    """An engine with the named images; remembers its containers."""

    images: dict[str, str] = field(default_factory=lambda: {"debian:bullseye-slim": "x86_64"})
    behave: Callable[[Command, Files], Outcome] = succeed
    pullable: frozenset[str] = frozenset()
    built: list[BuildArguments] = field(default_factory=list)
    started: list[FakeContainer] = field(default_factory=list)

    def info(self) -> EngineInfo:
        """Return made-up facts."""
        return EngineInfo("20.10.24", "x86_64", "unix:///fake.sock")

    def find_image(self, name: str, arch: Arch) -> Image | None:
        """Return a named image of that architecture."""
        return Image(name, f"sha256:{name}", arch) if self.images.get(name) == arch else None

    def pull(self, name: str, arch: Arch) -> Image:
        """Get what is pullable, refuse the rest."""
        if name not in self.pullable:
            msg = "its registry cannot be reached"
            raise DockerFault(msg, where=f"image {name}")
        self.images[name] = arch
        return Image(name, f"sha256:{name}", arch)

    def build_image(self, arguments: BuildArguments, arch: Arch, on_line: Callable[[str], None] | None = None) -> Image:
        """Return an image under the tag the real engine would give it."""
        self.built.append(arguments)
        tag = content_tag(arguments, f"sha256:{arguments.base}", arch)
        return Image(tag, f"sha256:{tag}", arch)

    @contextmanager
    def start(
        self,
        image: Image,
        *,
        limits: ContainerLimits = UNLIMITED,
        environment: Sequence[tuple[str, str]] = (),
        volumes: Sequence[Volume] = (),
        trees: Sequence[ReadOnlyTree] = (),
    ) -> Iterator[FakeContainer]:
        """Make a container with the trees in it."""
        container = FakeContainer(self.behave, environment=dict(environment), volumes=tuple(volumes), limits=limits)
        self.started.append(container)
        for tree in trees:
            container.copy_in(tree.tar, tree.path)
        try:
            yield container
        finally:
            container.removed = True
