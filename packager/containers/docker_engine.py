"""An engine: find it, get and build its images, start containers and remove them.

With `docker_container`, the only importer of docker.
"""

from __future__ import annotations

import io
import logging
import uuid
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.tls import TLSConfig
from docker.types import Mount

from packager.containers import faults
from packager.containers.connect import addresses, why_unreachable
from packager.containers.docker_container import DockerContainer, body, explained
from packager.containers.images import build_context, content_tag
from packager.containers.output import Lines
from packager.core.errors import DockerFault
from packager.core.masking import Mask
from packager.core.signals import terminable
from packager.model.containers import UNLIMITED, ContainerLimits, EngineInfo, Image, ReadOnlyTree, Volume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path, PurePosixPath

    from docker.models.containers import Container as EngineContainer

    from packager.containers.connect import Address
    from packager.model.containers import BuildArguments
    from packager.model.targets import Arch

log = logging.getLogger(__name__)

# Removing a container that holds several large trees took longer than the library's own 60 s.
CLIENT_SECONDS = 300
# The idle command ends by itself: with auto_remove, a container whose packager was killed outright goes within a day.
_IDLE = ["/bin/sh", "-c", "sleep 86400"]
_LABEL = "packager"
_DOCKER_ARCH: Mapping[Arch, str] = {"x86_64": "amd64", "arm64": "arm64"}


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
    return EngineInfo(str(version["Version"]), _our_arch(version["Arch"]), address.url)


def _our_arch(docker_arch: str) -> str:
    return {"amd64": "x86_64", "aarch64": "arm64"}.get(docker_arch, docker_arch)


class DockerEngine:
    """An engine that answered. As a context manager, it removes on leaving what other threads still have running."""

    def __init__(self, client: docker.DockerClient, info: EngineInfo) -> None:
        self._client = client
        self._info = info
        self._running: set[str] = set()
        # An engine need not be closed; the connections it has pooled are closed when it is forgotten.
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
        with explained(f"image {name}"):
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
            return faults.pull_fault(name, arch, error.status_code, str(error.explanation or error)).reason
        except (DockerException, requests.RequestException) as error:
            return faults.pull_fault(name, arch, None, str(error)).reason
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
        with explained(f"building {tag}"):
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
            fix = (
                "see the lines above; set HTTPS_PROXY and PACKAGER_CA_BUNDLE for a "
                "proxy, or name another image: --image"
            )
            raise DockerFault(msg, where=str(arguments.dockerfile), fix=fix)
        return image

    @contextmanager
    def start(
        self,
        image: Image,
        *,
        limits: ContainerLimits = UNLIMITED,
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
                with explained(f"image {image.name}: starting a container"):
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
        limits: ContainerLimits,
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
        filler = self._create(image, f"{name}-fill", mounts, ContainerLimits(network=False), ())
        try:
            for tree in trees:
                filler.put_archive(str(tree.path), body(tree.tar))
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
