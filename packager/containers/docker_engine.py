"""The only importer of docker: find the engine, get images, start containers, run commands in them, remove them."""

from __future__ import annotations

import io
import logging
import shlex
import tarfile
import threading
import time
import uuid
import weakref
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.tls import TLSConfig
from docker.types import Mount
from docker.utils.socket import frames_iter

from packager.containers import UNLIMITED, Command, EngineInfo, Image, Limits, Outcome, ReadOnlyTree, Volume, faults
from packager.containers.connect import addresses, why_unreachable
from packager.containers.images import build_context, content_tag
from packager.containers.output import Lines
from packager.containers.signals import terminable
from packager.containers.tarballs import unpack_stream
from packager.errors import DockerFault
from packager.masking import Mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from docker.models.containers import Container as EngineContainer

    from packager.catalog.records import Arch
    from packager.containers import BuildArguments
    from packager.containers.connect import Address

log = logging.getLogger(__name__)

# Removing a container that holds several large trees took longer than the library's own 60 s.
CLIENT_SECONDS = 300
PROBE_SECONDS = 20.0
# The idle command ends by itself: with auto_remove, a container whose packager was killed outright goes within a day.
_IDLE = ["/bin/sh", "-c", "sleep 86400"]
_LABEL = "packager"
_DOCKER_ARCH: Mapping[Arch, str] = {"x86_64": "amd64", "arm64": "arm64"}
# Version 2 and version 1 of control groups. Each holds a line "oom_kill <count>".
_OOM_COUNTERS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


def connect(environment: Mapping[str, str], home: Path) -> DockerEngine:
    """Return the first engine that answers and is new enough; raises DockerFault with every address tried and why."""
    tried: list[tuple[Address, str]] = []
    for address in addresses(environment, home):
        why = why_unreachable(address)
        if not why:
            try:
                client = _client(address)
                version = client.version()
                why = faults.too_old(version["Version"], version["ApiVersion"])
                if not why:
                    return DockerEngine(client, _info(address, version))
                client.close()
            except (DockerException, requests.RequestException, OSError) as error:
                why = str(error)
        log.debug("no engine at %s: %s", address.url, why)
        tried.append((address, why))
    raise faults.no_engine(tried)


def _client(address: Address) -> docker.DockerClient:
    tls: TLSConfig | bool = False
    if address.tls is not None:
        folder = address.tls
        tls = TLSConfig(
            client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")),
            ca_cert=str(folder / "ca.pem") if address.verify else None,
            verify=address.verify,
        )
    return docker.DockerClient(
        base_url=address.url,
        version="auto",
        timeout=CLIENT_SECONDS,
        tls=tls,
        use_ssh_client=address.url.startswith("ssh:"),
    )


def _info(address: Address, version: Mapping[str, Any]) -> EngineInfo:
    return EngineInfo(str(version["Version"]), str(version["ApiVersion"]), _our_arch(version["Arch"]), address.url)


def _our_arch(docker_arch: str) -> str:
    return {"amd64": "x86_64", "aarch64": "arm64"}.get(docker_arch, docker_arch)


@contextmanager
def _explained(doing: str) -> Iterator[None]:
    """Turn the library's exceptions into DockerFault; the more telling ones are caught closer to their cause."""
    try:
        yield
    except APIError as error:
        msg = f"{doing}: the engine says: {error.explanation or error}"
        raise DockerFault(msg) from error
    except (DockerException, requests.RequestException) as error:
        msg = f"{doing}: the engine does not answer any more ({error})"
        raise DockerFault(msg, fix="see whether Docker still runs, and try again") from error


class DockerEngine:
    """An engine that answered. As a context manager, it removes on leaving what other threads still have running."""

    def __init__(self, client: docker.DockerClient, info: EngineInfo) -> None:
        self._client = client
        self._info = info
        self._running: set[str] = set()
        # Nobody need close an engine; the connections it has pooled are closed when it is forgotten.
        self._close = weakref.finalize(self, client.close)

    def __enter__(self) -> DockerEngine:
        return self

    def __exit__(self, *_: object) -> None:
        for name in tuple(self._running):
            self._remove(name, ())
        self._close()

    def info(self) -> EngineInfo:
        """Return the engine's facts."""
        return self._info

    def find_image(self, name: str, arch: Arch) -> Image | None:
        """Return a local image of that name and architecture."""
        with _explained(f"image {name}"):
            try:
                found = self._client.images.get(name)
            except ImageNotFound:
                return None
            image = Image(name, str(found.id), _our_arch(found.attrs.get("Architecture", "")))
        return image if image.arch == arch else None

    def why_not_offered(self, name: str, arch: Arch) -> str:
        """Return why an image's registry does not offer it for this architecture; empty if it does. Fetches nothing."""
        try:
            data = self._client.images.get_registry_data(name)
        except APIError as error:
            return faults.pull_fault(name, arch, error.status_code, str(error.explanation or error)).message
        except (DockerException, requests.RequestException) as error:
            return faults.pull_fault(name, arch, None, str(error)).message
        platforms: list[dict[str, str]] = data.attrs.get("Platforms") or []
        if any((p.get("os"), p.get("architecture")) == ("linux", _DOCKER_ARCH[arch]) for p in platforms):
            return ""
        return f"its registry has no linux/{_DOCKER_ARCH[arch]} variant"

    def pull(self, name: str, arch: Arch) -> Image:
        """Fetch an image; raises DockerFault saying what was tried and what to do instead."""
        log.info("docker pull --platform linux/%s %s", _DOCKER_ARCH[arch], name)
        try:
            self._client.images.pull(name, platform=f"linux/{_DOCKER_ARCH[arch]}")
        except APIError as error:
            raise faults.pull_fault(name, arch, error.status_code, str(error.explanation or error)) from error
        except (DockerException, requests.RequestException) as error:
            raise faults.pull_fault(name, arch, None, str(error)) from error
        image = self.find_image(name, arch)
        if image is None:
            raise faults.pull_fault(name, arch, None, "no matching manifest: another platform came")
        return image

    def build_image(self, arguments: BuildArguments, arch: Arch, on_line: Callable[[str], None] | None = None) -> Image:
        """Return the image built from these arguments, from an earlier run if it is still there.

        Uses the engine's own builder, which every engine has; BuildKit cannot be reached through its API alone.
        """
        base = self.find_image(arguments.base, arch) or self.pull(arguments.base, arch)
        tag = content_tag(arguments, base.id, arch)
        if found := self.find_image(tag, arch):
            return found
        given = {**dict(arguments.arguments), **dict(arguments.unnamed), "BASE": arguments.base}
        lines = Lines(Mask(given), on_line)
        log.info("docker build --tag %s %s", tag, arguments.dockerfile)
        failure = ""
        with _explained(f"building {tag}"):
            for event in self._client.api.build(
                fileobj=io.BytesIO(build_context(arguments)),
                custom_context=True,
                tag=tag,
                buildargs=given,
                labels={_LABEL: "image"},
                rm=True,
                forcerm=True,  # rm alone leaves the container of a failed step
                platform=f"linux/{_DOCKER_ARCH[arch]}" if arch != self._info.arch else None,
                decode=True,
            ):
                lines.feed(0, event.get("stream", "").encode())
                failure = event.get("error", failure)
        output = lines.finish()
        image = None if failure else self.find_image(tag, arch)
        if image is None:
            msg = f"building the image failed: {faults.build_failure(failure, output)}"
            fix = "see the lines above; a proxy needs HTTPS_PROXY, its CA PACKAGER_CA_BUNDLE; or name another: --image"
            raise DockerFault(msg, where=str(arguments.dockerfile), fix=fix)
        return image

    @contextmanager
    def start(
        self,
        image: Image,
        *,
        limits: Limits = UNLIMITED,
        environment: Sequence[tuple[str, str]] = (),
        volumes: Sequence[Volume] = (),
        trees: Sequence[ReadOnlyTree] = (),
    ) -> Iterator[DockerContainer]:
        """Start a container that waits for commands, and remove it when the context ends, whatever happened.

        No folder of this machine is mounted: things come and go as tar streams, so a remote engine does as well and
        nothing here ever belongs to root. `trees` are unpacked into fresh volumes, mounted read-only and removed after.
        """
        name = f"packager-{uuid.uuid4()}"
        fresh = {path: f"{name}-{number}" for number, path in enumerate(dict.fromkeys(tree.path for tree in trees))}
        with terminable():
            self._running.add(name)
            try:
                with _explained(f"image {image.name}: starting a container"):
                    self._fill(image, name, fresh, trees)
                    mounts = [_volume(volume.name, volume.path) for volume in volumes]
                    mounts += [_volume(volume, path, read_only=True) for path, volume in fresh.items()]
                    created = self._create(image, name, mounts, limits, environment)
                    created.start()
                container = DockerContainer(self._client, created, image, dict(environment), limits)
                if image.arch != self._info.arch:
                    container.probe(self._info.arch)
                yield container
            finally:
                self._remove(name, tuple(fresh.values()))
                self._running.discard(name)

    def _create(
        self,
        image: Image,
        name: str,
        mounts: Sequence[Mount],
        limits: Limits,
        environment: Sequence[tuple[str, str]],
    ) -> EngineContainer:
        options: dict[str, Any] = {}
        if limits.memory_bytes is not None:
            options |= {"mem_limit": limits.memory_bytes, "memswap_limit": limits.memory_bytes}
        if limits.pids is not None:
            options["pids_limit"] = limits.pids + 3  # init, the idle shell and its sleep
        if not limits.network:
            options["network_mode"] = "none"
        if limits.drop_capabilities:
            options |= {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}
        return self._client.containers.create(
            image.id,
            name=name,
            entrypoint=_IDLE[:1],
            command=_IDLE[1:],
            init=True,
            auto_remove=True,
            labels={_LABEL: "container"},
            environment=dict(environment),
            mounts=list(mounts),
            read_only=limits.read_only,
            user=limits.user or None,
            tmpfs=dict(limits.tmpfs),
            **options,
        )

    def _fill(self, image: Image, name: str, fresh: Mapping[PurePosixPath, str], trees: Sequence[ReadOnlyTree]) -> None:
        """Unpack the trees into their volumes, through a container that is never started.

        A read-only root refuses put_archive even before the start, and a read-only volume always does.
        """
        if not fresh:
            return
        for volume in fresh.values():
            self._client.volumes.create(volume, labels={_LABEL: "tree"})
        mounts = [_volume(volume, path) for path, volume in fresh.items()]
        filler = self._create(image, f"{name}-fill", mounts, Limits(network=False), ())
        try:
            for tree in trees:
                filler.put_archive(str(tree.path), _body(tree.tar))
        finally:
            self._remove(f"{name}-fill", ())

    def _remove(self, name: str, volumes: Sequence[str]) -> None:
        """Remove a container and volumes; by name, since an interrupt may come before we hold any object."""
        api = self._client.api
        try:
            try:
                api.remove_container(name, force=True, v=True)
            except NotFound:
                pass  # never created, or auto_remove was quicker
            except APIError as error:
                if error.status_code != 409:
                    raise
                with suppress(NotFound):  # 409: auto_remove is at it
                    api.wait(name, timeout=CLIENT_SECONDS, condition="removed")
        except (APIError, requests.RequestException) as error:
            log.warning("could not remove container %s: %s", name, error)
        for volume in volumes:
            try:
                self._client.api.remove_volume(volume, force=True)
            except (APIError, requests.RequestException) as error:
                log.warning("could not remove volume %s: %s", volume, error)


def _volume(name: str, path: PurePosixPath, *, read_only: bool = False) -> Mount:
    return Mount(target=str(path), source=name, type="volume", read_only=read_only, no_copy=True)


class DockerContainer:
    """A running container, waiting for commands. Made and removed by `DockerEngine.start`."""

    def __init__(
        self,
        client: docker.DockerClient,
        container: EngineContainer,
        image: Image,
        environment: Mapping[str, str],
        limits: Limits,
    ) -> None:
        self._api = client.api
        self._container = container
        self._image = image
        self._environment = environment
        self._limited = limits.memory_bytes is not None
        self._oom_kills = 0
        self._ended = False

    @property
    def name(self) -> str:
        """Return the name it has on the engine: ``packager-<uuid>``."""
        return str(self._container.name)

    def copy_in(self, tar: IO[bytes] | Iterable[bytes], into: PurePosixPath) -> None:
        """Unpack a tar stream inside the container, making the folder where it is missing."""
        with _explained(f"copying into {into}"):
            self._make_folder(into)
            self._container.put_archive(str(into), _body(tar))

    def _make_folder(self, folder: PurePosixPath) -> None:
        try:
            self._container.put_archive(str(folder), _one_folder(None))  # an empty tar asks: is it there?
        except NotFound:
            self._make_folder(folder.parent)
            self._container.put_archive(str(folder.parent), _one_folder(folder.name))

    def copy_out(self, path: PurePosixPath, into: Path, keep: Callable[[str], bool] | None = None) -> None:
        """Unpack a folder of the container into an existing host folder, every path proved to stay inside it."""
        with _explained(f"copying out {path}"):
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
            msg = "its container has been stopped, since an earlier command was over its time"
            raise DockerFault(msg, where=command.argv[0])
        mask = Mask({**self._environment, **dict(command.environment)})
        lines = Lines(mask, on_line)
        log.info("docker exec --workdir %s %s", command.workdir, mask(shlex.join(command.argv)))
        begin = time.monotonic()
        expired = threading.Event()
        timer = threading.Timer(command.timeout_seconds or 0, self._expire, [expired])
        timer.daemon = True
        with _explained(f"running {command.argv[0]}"):
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
        return Outcome(exit_code, lines.finish(), seconds, out_of_memory, expired.is_set())

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


def _body(tar: IO[bytes] | Iterable[bytes]) -> Any:
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
