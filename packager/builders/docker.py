"""The docker builder: the project goes into a container as a tar stream, is built there, and comes out as one."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packager.builders.failures import invocation_failure
from packager.builders.images import JobImages
from packager.builders.invocations import fill, invocations_for
from packager.builders.registry_settings import Surroundings, surroundings
from packager.builders.running import CommandEnd
from packager.builders.source import source_tar
from packager.containers.tarballs import tar_stream
from packager.core.errors import DockerFault
from packager.core.masking import Mask
from packager.core.resources import default_cache
from packager.engines.store import EngineStore
from packager.languages.registry import LANGUAGES
from packager.model.builds import IMAGE_TOOLS, WORKDIR, Tree
from packager.model.containers import Command, Volume
from packager.package_managers.registry import PACKAGE_MANAGERS
from packager.toolchains.environment import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from packager.core.progress import Stopwatch
    from packager.model.builds import Invocation
    from packager.model.containers import Container, Containers
    from packager.model.plan import Job
    from packager.model.targets import Arch

_OURS = PurePosixPath(IMAGE_TOOLS)
_CERTIFICATES = _OURS / "certificates.pem"
_NPMRC = _OURS / "npmrc"
_NODE = _OURS / "node"
_ENGINES = _OURS / "engines"
_NPM = "lib/node_modules/npm"
# Any name that is surely an executable file, in every image that has a shell.
_ANY_FILE = "/bin/sh"
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROBE_SECONDS = 60.0
_FREE = "free some space on the Docker engine's disk: `docker system df` tells what takes it"


class DockerBuilder:
    """Builds jobs in containers of an engine that has answered."""

    def __init__(
        self,
        containers: Containers,
        *,
        environment: Mapping[str, str],
        home: Path,
        node_folder: Callable[[str, Arch], Path],
        packages: str | None = None,
        cache: Path | None = None,
    ) -> None:
        """Take the doors: `environment` and `home` are this machine's, for what `surroundings` takes along.

        `node_folder` returns a folder with bin/node and lib/node_modules/npm for a major and architecture. `packages`
        replaces the Dockerfile's system packages; empty installs none. Engine files are kept in `cache`.
        """
        self._containers = containers
        self._environment = environment
        self._home = home
        self._node_folder = node_folder
        self._cache = cache or default_cache()
        self._images = JobImages(containers, packages)

    def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
        """Run the job in an empty scratch folder. Raises GeneratorFault, EnvironmentFault or ConfigError."""
        invocations = invocations_for(job, run_scripts=job.libc == job.platform.libc)
        outside = surroundings(self._environment, self._home, job.source)
        image = self._images.of(job, outside, watch)
        given = _environment(outside)
        with self._containers.start(image, environment=_steady(), volumes=_volumes()) as container:
            with watch.step("copy in", job.source.name):
                container.copy_in(_private_files(outside), _OURS)
                given |= self._bring_node(job, container)
                container.copy_in(source_tar(job), PurePosixPath(WORKDIR))
            if job.engine_files:
                with watch.step("engines", ", ".join(file.file for file in job.engine_files)):
                    outer = {**self._environment, **dict(job.environment)}
                    EngineStore(self._cache, outer).provide(job.engine_files, scratch / "engines", job.source)
                    container.copy_in(
                        tar_stream((path.name, path) for path in sorted((scratch / "engines").iterdir())), _ENGINES
                    )
            for invocation in invocations:
                with watch.step(invocation.purpose, job.source.name):
                    self._run(container, job, invocation, given, watch)
            toolchain = tuple(_versions(container, job, given))
            root = scratch / "tree"
            root.mkdir(parents=True)
            with watch.step("copy out", job.source.name):
                container.copy_out(PurePosixPath(WORKDIR), root)
        base = job.image or job.platform.image
        return Tree(root, "docker", image=base, image_id=image.id, toolchain=toolchain)

    def identity(self, job: Job, watch: Stopwatch) -> str:
        """Return the image and the Node a job is built with as one text."""
        outside = surroundings(self._environment, self._home, job.source)
        node = self._node_folder(job.language_version, job.arch).name if _needs_node(job) else ""
        return repr((self._images.of(job, outside, watch).id, node))

    def _bring_node(self, job: Job, container: Container) -> dict[str, str]:
        """Return variables with which the target's Node is found: the one the local builder uses, copied in.

        Where that one does not run (Node 18 and later on Amazon Linux 2), the image's own of that major, as Lambda's
        images have it.
        """
        if not _needs_node(job):
            return {"PATH": _SYSTEM_PATH}
        folder = self._node_folder(job.language_version, job.arch)
        container.copy_in(tar_stream(_node_files(folder)), _NODE)
        ours = {"PATH": f"{_NODE}/bin:{_SYSTEM_PATH}"}
        if (folder / "include/node").is_dir():
            ours["npm_config_nodedir"] = str(_NODE)  # node-gyp's headers; else it fetches them
        first = container.run(_quick("node", "--version", environment=ours))
        if first.exit_code == 0:
            return ours
        # Lambda's images keep theirs in /var/lang.
        own = {"PATH": f"/var/lang/bin:{_SYSTEM_PATH}"}
        second = container.run(_quick("sh", "-c", "node --version && npm --version", environment=own))
        if second.exit_code == 0 and second.output.startswith(f"v{job.language_version}."):
            return own
        said = first.output.strip().splitlines()[-1:] or ["no output"]
        msg = f"Node {job.language_version} does not run in it, and it has none of its own: {said[0]}"
        fix = (
            f"name Lambda's own image (--image public.ecr.aws/lambda/nodejs:{job.language_version}), or --builder local"
        )
        raise DockerFault(msg, where=f"image {job.image or job.platform.image}", fix=fix)

    def _run(
        self, container: Container, job: Job, invocation: Invocation, given: Mapping[str, str], watch: Stopwatch
    ) -> None:
        """Run one invocation; raises GeneratorFault or EnvironmentFault unless it succeeds."""
        environment = {**given, **fill(invocation.environment, _ANY_FILE, str(_ENGINES))}
        command = Command(
            invocation.argv,
            PurePosixPath(WORKDIR) / invocation.workdir,
            tuple(environment.items()),
            job.timeout_seconds,
        )
        # The container's own mask knows the command's variables; the user's line may spell other secrets out.
        mask = Mask({**self._environment, **dict(job.environment)})
        outcome = container.run(command, lambda line: watch.progress.line(mask(line)))
        if outcome.exit_code != 0 or outcome.timed_out:
            ended = CommandEnd(outcome.exit_code, outcome.output, outcome.timed_out, outcome.out_of_memory)
            raise invocation_failure(invocation, ended, timeout_seconds=job.timeout_seconds, mask=mask, free=_FREE)


def _needs_node(job: Job) -> bool:
    return any(argv[0] == "node" for argv in LANGUAGES[job.language].build_programs)


def _steady() -> tuple[tuple[str, str], ...]:
    """Return what holds for every command; nothing secret, since it shows in ``docker inspect``."""
    own = {plugin.cache_variable: str(_cache_of(name)) for name, plugin in PACKAGE_MANAGERS.items()}
    own.pop("", None)
    own["PIP_ROOT_USER_ACTION"] = "ignore"  # root is the only user in the container
    return tuple({**SETTINGS, **own, "HOME": "/root"}.items())


def _volumes() -> tuple[Volume, ...]:
    """Return where package managers keep their downloads from one build to the next."""
    named = [name for name, plugin in PACKAGE_MANAGERS.items() if plugin.cache_variable]
    return tuple(Volume(f"packager-{name}-cache", _cache_of(name)) for name in named)


def _cache_of(name: str) -> PurePosixPath:
    return PurePosixPath("/var/cache/packager") / name


def _environment(outside: Surroundings) -> dict[str, str]:
    return outside.environment(str(_CERTIFICATES), str(_NPMRC))


def _private_files(outside: Surroundings) -> list[bytes]:
    """Return a tar of the CA bundle and npm's configuration, the latter for root only: it may hold credentials."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        files = ((_CERTIFICATES, outside.certificates, 0o644), (_NPMRC, outside.npmrc.encode(), 0o600))
        for path, content, mode in files:
            member = tarfile.TarInfo(path.name)
            member.size, member.mode = len(content), mode
            tar.addfile(member, io.BytesIO(content))
    return [buffer.getvalue()]


def _node_files(folder: Path) -> Iterator[tuple[str, Path | bytes]]:
    """Yield Node, its headers where they are there, npm and npx; these two as scripts that find npm's own folder."""
    yield "bin/node", folder / "bin/node"
    for tool in ("npm", "npx"):
        yield f"bin/{tool}", f'#!/bin/sh\nexec node "{_NODE}/{_NPM}/bin/{tool}-cli.js" "$@"\n'.encode()
    for part in (_NPM, "include/node"):
        for path in sorted((folder / part).rglob("*")):
            if path.is_file():
                yield f"{part}/{path.relative_to(folder / part).as_posix()}", path


def _quick(*argv: str, environment: Mapping[str, str] | None = None) -> Command:
    return Command(argv, PurePosixPath("/"), tuple((environment or {}).items()), _PROBE_SECONDS)


def _versions(container: Container, job: Job, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for argv in LANGUAGES[job.language].build_programs:
        outcome = container.run(_quick(*argv, environment=given))
        if outcome.exit_code == 0:
            yield argv[0], outcome.output.strip().removeprefix("Python ").removeprefix("v")
