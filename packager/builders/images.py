"""The image a job is built in: the platform's or the user's, with what its family's Dockerfile adds."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.core.resources import bundled
from packager.model.containers import BuildArguments, Command

if TYPE_CHECKING:
    from packager.builders.registry_settings import Surroundings
    from packager.core.progress import Stopwatch
    from packager.model.containers import Containers, Image
    from packager.model.plan import Job
    from packager.model.targets import Arch

_FAMILIES = {
    "debian": "debian",
    "ubuntu": "debian",
    "amzn": "amazonlinux",
    "fedora": "amazonlinux",
    "rhel": "amazonlinux",
}
_ASK_ITSELF = Command(("cat", "/etc/os-release"), PurePosixPath("/"), (), 60.0)


class JobImages:
    """The images of one run's jobs."""

    def __init__(self, containers: Containers, packages: str | None) -> None:
        """Take the engine; `packages` replaces the Dockerfile's system packages, empty installs none."""
        self._containers = containers
        self._packages = packages
        self._known: dict[tuple[str, Arch, Surroundings], Image] = {}

    def of(self, job: Job, outside: Surroundings, watch: Stopwatch) -> Image:
        """Return the image of a job, built or pulled as needed; asked for it twice, look only once."""
        known = (job.image or job.platform.image, job.arch, outside)
        if known not in self._known:
            with watch.step("image", known[0]):
                self._known[known] = self._image(job, outside, watch)
        return self._known[known]

    def _image(self, job: Job, outside: Surroundings, watch: Stopwatch) -> Image:
        name = job.image or _pinned(job)
        base = self._containers.find_image(name, job.arch) or self._containers.pull(name, job.arch)
        family = self._family(base) if job.image else job.platform.family
        arguments = BuildArguments(
            bundled("dockerfiles") / family / "Dockerfile",
            name,
            arguments=(("PACKAGES", self._packages),) if self._packages is not None else (),
            files=(("ca-bundle.crt", outside.certificates),) if outside.certificates else (),
            unnamed=outside.proxies,
        )
        return self._containers.build_image(arguments, job.arch, watch.progress.line)

    def _family(self, image: Image) -> str:
        """Return which Dockerfile suits an image the user has named, from what it says of itself."""
        with self._containers.start(image) as container:
            outcome = container.run(_ASK_ITSELF)
        facts = dict(line.partition("=")[::2] for line in outcome.output.splitlines())
        for word in f"{facts.get('ID', '')} {facts.get('ID_LIKE', '')}".replace('"', "").split():
            if word in _FAMILIES:
                return _FAMILIES[word]
        msg = f"is not an image of the Debian or Amazon Linux family: {facts.get('PRETTY_NAME', outcome.output[:100])}"
        raise ConfigError(
            msg, where=f"image {image.name}", fix="name an image of one of these families, or --builder local"
        )


def _pinned(job: Job) -> str:
    """Return the platform's base image by its digest where the catalog has one."""
    image, digest = job.platform.image, job.platform.digest
    if not digest:
        return image
    folder, _, name = image.rpartition("/")
    return f"{folder}/{name.split(':')[0]}@{digest}".lstrip("/")
