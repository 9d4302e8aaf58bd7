"""Native code is tied to a language's release, too: Node-API levels, Python tags. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.audit.abi import misfit
from packager.audit.advice import PIP_MACHINE
from packager.catalog.node_releases import node_release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.scene import Scene
    from packager.model.findings import Finding
    from packager.model.inventory import Package
    from packager.model.targets import Target

_CPYTHON = re.compile(
    r"^(?P<stem>.+?)\.(?:cpython-(?P<digits>\d{2,4})(?P<threads>t?)[-.\w]*|cp(?P<windows>\d{2,4})-[-\w]+)\.(?:so|pyd)$"
)
_ABI3 = re.compile(r"^(?P<stem>.+?)\.(?:abi3\.so|so)$")


def check_node(scene: Scene) -> Iterator[Finding]:
    """Report addons that need a newer Node-API (ABI012) or another major version of Node (ABI013) than there is."""
    release = node_release(scene.target.language_version) if scene.target.language == "nodejs" else None
    if release is None:
        return
    for place in scene.natives:
        elf = place.file.elf
        if elf is None or misfit(place.file, scene.target):
            continue
        title = f"Node {scene.target.language_version}"
        if elf.node_api > release.node_api > 0:
            message = f"needs Node-API version {elf.node_api}, {title} offers {release.node_api}"
            yield place.finding("ABI012", message)
        # An addon with both entry points serves Node-API first.
        elif elf.node_modules and not elf.node_api and elf.node_modules != release.modules:
            message = f"was compiled for NODE_MODULE_VERSION {elf.node_modules}, {title} has {release.modules}"
            yield place.finding("ABI013", message)


def check_python_extensions(scene: Scene) -> Iterator[Finding]:
    """Report extension modules that this version of Python does not even look at: ABI014."""
    if scene.target.language != "python":
        return
    wanted = scene.target.language_version.replace(".", "")
    served = {
        f"{place.mount.name}/{found['stem']}"
        for place in scene.judged
        if (found := _CPYTHON.match(place.file.path) or _ABI3.match(place.file.path))
        and (found.groupdict().get("digits") in (None, wanted))
        and not found.groupdict().get("threads")
    }
    reported: set[str] = set()
    for place in scene.judged:
        found = _CPYTHON.match(place.file.path)
        if found is None or not place.file.path.endswith((".so", ".pyd")):
            continue
        key = f"{place.mount.name}/{found['stem']}"
        digits = found["digits"] or found["windows"]
        if key in served or key in reported or (digits == wanted and not found["threads"]):
            continue
        reported.add(key)
        version = f"{digits[0]}.{digits[1:]}{' without the GIL' if found['threads'] else ''}"
        message = (
            f"is for Python {version}, {scene.target.title} imports only modules for {scene.target.language_version}"
        )
        yield place.finding("ABI014", message, _reinstall(scene.target, place.file.package))


def check_wheels(scene: Scene) -> Iterator[Finding]:
    """Report packages with native code whose wheel says it is for another Python or platform: ABI015."""
    if scene.target.language != "python":
        return
    seen: set[str] = set()
    for place in scene.natives:
        package = place.file.package
        if package is None or not package.tags or package.path in seen or misfit(place.file, scene.target):
            continue
        seen.add(package.path)
        if not any(_tag_suits(tag, scene.target) for tag in package.tags):
            shown = ", ".join(package.tags[:2])
            message = f"is of a wheel for {shown}, which {scene.target.title} does not install"
            yield place.finding("ABI015", message, _reinstall(scene.target, package))


def _tag_suits(tag: str, target: Target) -> bool:
    """Return whether a wheel's tag allows the target's Python and machine; glibc versions are judged by the files.

    Source: PEP 425, PEP 600.
    """
    interpreter, _, rest = tag.partition("-")
    abi, _, platform = rest.partition("-")
    minor = int(target.language_version.partition(".")[2] or 0)
    machine = PIP_MACHINE[target.arch]
    if platform != "any" and not (platform.endswith(f"_{machine}") and "linux" in platform):
        return False
    if interpreter.startswith("py"):
        return abi == "none"
    found = re.fullmatch(r"cp3(\d+)", interpreter)
    if found is None:
        return False
    return int(found[1]) <= minor if abi == "abi3" else int(found[1]) == minor and abi in (interpreter, "none")


def _reinstall(target: Target, package: Package | None) -> str:
    name = f" {package.name}" if package else ""
    platform = f"manylinux2014_{PIP_MACHINE[target.arch]}"
    return (
        f"install for the target: pip install --only-binary=:all: --python-version {target.language_version} "
        f"--platform {platform} --target …{name}"
    )
