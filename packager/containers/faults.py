"""What went wrong with Docker, said so that one knows what to do. Texts in, errors out; no client library here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.core.errors import DockerFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.containers.connect import Address
    from packager.model.targets import Arch

OLDEST_API = (1, 40)
"""Docker 19.03: the first whose volumes, platforms and exec options are all we use."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BUILDER_NOISE = re.compile(r"Step \d+/\d+ : | ---> |(\x1b\[[0-9;]*m)*Removing intermediate container")
_OTHER_IMAGE = "name an image this machine can get: --image NAME, or image: NAME in packager.yaml"


def no_engine(tried: Sequence[tuple[Address, str]]) -> DockerFault:
    """Return the error for "no engine answered", with each address and why it did not; its reason is one line."""
    lines = "".join(f"\n    {address.url} ({address.origin}): {why}" for address, why in tried)
    reason = "no Docker engine answers"
    denied = [address for address, why in tried if "permission denied" in why]
    old = [why for _, why in tried if "too old" in why]
    if denied:
        reason += f": permission denied at {denied[0].url}"
        fix = 'add yourself to the group "docker" (sudo usermod -aG docker $USER, then log in again)'
    elif old:
        reason = f"the Docker engine is {old[0]}"
        fix = "update Docker to 19.03 or newer"
    elif len(tried) == 1:
        reason += f" at {tried[0][0].url} ({tried[0][0].origin}): {tried[0][1]}"
        lines = ""
        fix = f"start that engine, or correct {tried[0][0].origin}"
    else:
        fix = "start Docker, Docker Desktop, colima or podman, or set DOCKER_HOST"
    message = f"{reason}; tried:{lines}" if lines else reason
    return DockerFault(message, fix=f"{fix}; or build without Docker: --builder local", reason=reason)


def too_old(version: str, api_version: str) -> str:
    """Return why an engine is too old, or nothing if it is not."""
    try:
        found = tuple(int(part) for part in api_version.split("."))
    except ValueError:
        return f"its API version {api_version!r} is not a version"
    if found >= OLDEST_API:
        return ""
    needed = ".".join(map(str, OLDEST_API))
    return f"too old: API {needed} (Docker 19.03) is needed, Docker {version} has {api_version}"


def pull_fault(name: str, arch: Arch, status: int | None, text: str) -> DockerFault:
    """Return the error for an image that could not be pulled, from the engine's status and text.

    An unreachable registry is status 500 with a resolver's or dialler's text, an exhausted quota 429 or 500 with
    ``toomanyrequests``, an unknown name 404 or ``denied``; seen with Docker 20.10 and in bug reports since.
    """
    said = text.strip() or f"status {status}"
    low = said.lower()
    fix = _OTHER_IMAGE
    if "toomanyrequests" in low or status == 429:
        why = "the registry's pull limit is reached"
        fix = f"log in (docker login) or wait, or {_OTHER_IMAGE}"
    elif any(
        sign in low for sign in ("no matching manifest", "does not match the specified platform", "wanted linux/")
    ):
        why = f"it does not exist for {arch}"
    elif "x509" in low or "certificate" in low:
        why = "the registry's certificate is not trusted by the Docker engine"
        fix = f"add your CA to the engine's machine and restart Docker, or {_OTHER_IMAGE}"
    elif any(
        sign in low for sign in ("no such host", "lookup ", "dial tcp", "i/o timeout", "connection refused", "eof")
    ):
        why = "its registry cannot be reached from the Docker engine"
        fix = f"check the engine's network and proxy, or {_OTHER_IMAGE}"
    elif "unauthorized" in low or "denied" in low or status in (401, 403):
        why = "the registry wants a login, or has no such image"
        fix = f"log in (docker login), or {_OTHER_IMAGE}"
    elif status == 404 or "not found" in low or "manifest unknown" in low:
        why = "there is no such image"
    else:
        why = "it could not be pulled"
    return DockerFault(f"{why} (linux/{arch}; the engine says: {said})", where=f"image {name}", fix=fix, reason=why)


def build_failure(failure: str, output: str) -> str:
    """Return why an image could not be built: the verdict without the command it repeats, and the last lines."""
    code = re.search(r"returned a non-zero code: (\d+)", failure)
    verdict = f"a command ended with exit code {code[1]}" if code else failure.strip() or "nothing came of it"
    lines = [_COLOUR.sub("", line) for line in output.splitlines() if not _BUILDER_NOISE.match(line)]
    return verdict + "".join(f"\n    {line}" for line in lines[-15:])


def cannot_run(image: str, arch: str, engine_arch: str, said: str) -> DockerFault:
    """Return the error for an image whose programs this engine cannot execute."""
    if arch != engine_arch:
        emulate = "docker run --privileged --rm tonistiigi/binfmt --install all"
        return DockerFault(
            f"this engine is {engine_arch} and cannot run {arch} programs: no emulation is set up",
            where=f"image {image}",
            fix=f"run `{emulate}`, or build without Docker: --builder local",
        )
    return DockerFault(
        f"its container ended at once: {said.strip() or 'no output'}", where=f"image {image}", fix=_OTHER_IMAGE
    )
