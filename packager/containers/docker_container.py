"""A running container: trees in and out as tar streams, commands run by exec, output live."""

from __future__ import annotations

import io
import logging
import shlex
import tarfile
import threading
import time
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

import requests
from docker.errors import APIError, DockerException, NotFound
from docker.utils.socket import frames_iter

from packager.containers import faults
from packager.containers.output import Lines
from packager.containers.tarballs import unpack_stream
from packager.core.errors import DockerFault
from packager.core.masking import Mask
from packager.model.containers import Command, ContainerLimits, Image, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    import docker
    from docker.models.containers import Container as EngineContainer

log = logging.getLogger(__name__)

PROBE_SECONDS = 20.0
# Version 2 and version 1 of control groups. Each holds a line "oom_kill <count>".
_OOM_COUNTERS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn the library's exceptions into DockerFault; the more telling ones are caught closer to their cause."""
    try:
        yield
    except APIError as error:
        msg = f"{doing}: the engine says: {error.explanation or error}"
        raise DockerFault(msg) from error
    except (DockerException, requests.RequestException) as error:
        msg = f"{doing}: the engine does not answer any more ({error})"
        raise DockerFault(msg, fix="check that Docker is running, and try again") from error


class DockerContainer:
    """A running container, waiting for commands. Made and removed by `DockerEngine.start`."""

    def __init__(
        self,
        client: docker.DockerClient,
        container: EngineContainer,
        image: Image,
        environment: Mapping[str, str],
        limits: ContainerLimits,
    ) -> None:
        self._api = client.api
        self._container = container
        self._image = image
        self._environment = environment
        self._limited = limits.memory_bytes is not None
        self._oom_kills = 0
        self._processes = 0
        self._ended = False

    @property
    def name(self) -> str:
        """Return the name it has on the engine: ``packager-<uuid>``."""
        return str(self._container.name)

    def copy_in(self, tar: IO[bytes] | Iterable[bytes], into: PurePosixPath) -> None:
        """Unpack a tar stream inside the container, making the folder where it is missing."""
        with explained(f"copying into {into}"):
            self._make_folder(into)
            self._container.put_archive(str(into), body(tar))

    def _make_folder(self, folder: PurePosixPath) -> None:
        try:
            self._container.put_archive(str(folder), _one_folder(None))  # an empty tar asks: is it there?
        except NotFound:
            self._make_folder(folder.parent)
            self._container.put_archive(str(folder.parent), _one_folder(folder.name))

    def copy_out(self, path: PurePosixPath, into: Path, keep: Callable[[str], bool] | None = None) -> None:
        """Unpack a folder of the container into an existing host folder, every path proved to stay inside it."""
        with explained(f"copying out {path}"):
            try:
                chunks, _ = self._container.get_archive(str(path), chunk_size=1 << 20)
            except NotFound as error:
                msg = f"the container has no {path}"
                raise DockerFault(msg, where=f"image {self._image.name}") from error
            unpack_stream(chunks, into, root=path.name, origin=str(path), keep=keep)

    def run(self, command: Command, on_line: Callable[[str], None] | None = None) -> Outcome:
        """Run a command to its end, passing on output line by line.

        A command over its time takes the whole container with it: nothing else reliably ends what it has started.
        """
        if self._ended:
            msg = "its container was stopped because an earlier command exceeded its time limit"
            raise DockerFault(msg, where=command.argv[0])
        mask = Mask({**self._environment, **dict(command.environment)})
        lines = Lines(mask, on_line)
        log.info("docker exec --workdir %s %s", command.workdir, mask(shlex.join(command.argv)))
        begin = time.monotonic()
        expired = threading.Event()
        timer = threading.Timer(command.timeout_seconds or 0, self._expire, [expired])
        timer.daemon = True
        with explained(f"running {command.argv[0]}"):
            try:
                created = self._api.exec_create(
                    self._container.id,
                    list(command.argv),
                    workdir=str(command.workdir),
                    environment=dict(command.environment),
                )
                if command.timeout_seconds is not None:
                    timer.start()
                for stream, data in self._frames(created["Id"]):
                    lines.feed(stream, data)
                timer.cancel()
                exit_code = 137 if expired.is_set() else self._exit_code(created["Id"])
            except APIError as error:
                if error.status_code not in (404, 409) or expired.is_set():
                    raise
                raise faults.cannot_run(
                    self._image.name, self._image.arch, self._image.arch, str(error.explanation)
                ) from error
            finally:
                timer.cancel()
        seconds = time.monotonic() - begin
        out_of_memory = exit_code != 0 and self._limited and not expired.is_set() and self._oom_happened()
        return Outcome(exit_code, lines.finish(), seconds, out_of_memory, expired.is_set(), self._processes)

    def probe(self, engine_arch: str) -> None:
        """Run the smallest command there is; raises DockerFault where this engine cannot run the image's programs."""
        command = Command(("/bin/sh", "-c", "exit 0"), PurePosixPath("/"), timeout_seconds=PROBE_SECONDS)
        try:
            outcome = self.run(command)
        except DockerFault as error:
            raise faults.cannot_run(self._image.name, self._image.arch, engine_arch, error.message) from error
        if outcome.exit_code != 0:
            raise faults.cannot_run(self._image.name, self._image.arch, engine_arch, outcome.output)

    def _frames(self, exec_id: str) -> Iterator[tuple[int, bytes]]:
        """Start an exec and yield (0 for stdout or 1 for stderr, bytes) until it ends.

        The library's own ``stream=True`` leaves its socket open; here it is closed however the reading ends.
        """
        opened = cast("Any", self._api.exec_start(exec_id, socket=True))
        try:
            for stream, data in frames_iter(opened, tty=False):  # type: ignore[no-untyped-call]
                yield stream - 1, data
        finally:
            # Over plain HTTP this is a file object and closing it leaves the connection beneath it open.
            getattr(opened, "_sock", opened).close()
            opened.close()

    def _exit_code(self, exec_id: str) -> int:
        code = self._api.exec_inspect(exec_id)["ExitCode"]
        return 137 if code is None else int(code)  # None: the container went away under the command

    def _expire(self, expired: threading.Event) -> None:
        expired.set()
        self._ended = True
        try:
            # One reading of the control group's counter: walking the processes takes minutes where there are too many.
            counted = self._api.stats(str(self._container.id), stream=False, one_shot=True)
            self._processes = int(counted.get("pids_stats", {}).get("current") or 0)
        except (APIError, requests.RequestException) as error:
            log.info("could not count the processes of container %s: %s", self._container.name, error)
        try:
            self._container.kill()
        except (APIError, requests.RequestException) as error:
            log.warning("could not kill container %s: %s", self._container.name, error)

    def _oom_happened(self) -> bool:
        """Return whether the kernel has killed for memory since we last asked.

        The engine's own flag tells of the container's first process only, and that one sleeps.
        """
        try:
            created = self._api.exec_create(self._container.id, ["cat", *_OOM_COUNTERS], stderr=False)
            text = b"".join(data for _, data in self._frames(created["Id"])).decode("utf-8", "replace")
        except (APIError, requests.RequestException):
            return False  # the container is gone; its exit code has to do
        counts = [int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill ")]
        before, self._oom_kills = self._oom_kills, max(counts, default=0)
        return self._oom_kills > before


def body(tar: IO[bytes] | Iterable[bytes]) -> Any:
    """Return what the HTTP library streams: it takes a list of pieces for the fields of a form."""
    return tar if hasattr(tar, "read") else iter(tar)


def _one_folder(name: str | None) -> bytes:
    """Return a tar with one folder in it, or none."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        if name is not None:
            member = tarfile.TarInfo(name)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(member)
    return buffer.getvalue()
