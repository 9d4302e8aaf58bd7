"""Extension modules and wheels: which Python they are for. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packager.model.targets import Arch

extension_suffix = ".so"
PIP_MACHINE: dict[Arch, str] = {"x86_64": "x86_64", "arm64": "aarch64"}
_TAGGED = re.compile(
    r"^(?P<stem>.+?)\.(?:cpython-(?P<digits>\d{2,4})(?P<threads>t?)[-.\w]*|cp(?P<windows>\d{2,4})-[-\w]+)\.(?:so|pyd)$"
)
_ABI3 = re.compile(r"^(?P<stem>.+?)\.(?:abi3\.so|so)$")
_CPYTHON = re.compile(r"\.cpython-(?P<version>\d+)[a-z]*(?:-[\w-]+)?\.so$")


def opens_native(path: str, version: str) -> bool:
    """Return whether Python would import this file: ``x.so``, ``x.abi3.so`` or one tagged for this very version.

    >>> opens_native("a/_rust.abi3.so", "3.12"), opens_native("a/libssl.so.3", "3.12")
    (True, False)
    """
    name = path.rpartition("/")[2]
    tagged = _CPYTHON.search(name)
    if tagged is not None:
        return tagged["version"] == version.replace(".", "")
    return name.endswith(".so") and not name.startswith("lib")


def is_own_library(soname: str, version: str) -> bool:
    """Return whether a library is the interpreter's own, ``libpython3.12.so.1.0``."""
    return soname.startswith(f"libpython{version}.")


def unimportable(paths: Sequence[str], version: str) -> Iterator[tuple[str, str]]:
    """Yield one extension module of each name that this version of Python does not even look at."""
    wanted = version.replace(".", "")
    served = {
        found["stem"]
        for path in paths
        if (found := _TAGGED.match(path) or _ABI3.match(path))
        and (found.groupdict().get("digits") in (None, wanted))
        and not found.groupdict().get("threads")
    }
    for path in paths:
        found = _TAGGED.match(path)
        if found is None or not path.endswith((".so", ".pyd")):
            continue
        digits = found["digits"] or found["windows"]
        if found["stem"] in served or (digits == wanted and not found["threads"]):
            continue
        served.add(found["stem"])
        yield path, f"Python {digits[0]}.{digits[1:]}{' without the GIL' if found['threads'] else ''}"


def tag_suits(tag: str, version: str, arch: Arch) -> bool:
    """Return whether a wheel's tag allows this Python and machine; glibc versions are judged by the files.

    Source: PEP 425, PEP 600.
    """
    interpreter, _, rest = tag.partition("-")
    abi, _, platform = rest.partition("-")
    minor = int(version.partition(".")[2] or 0)
    if platform != "any" and not (platform.endswith(f"_{PIP_MACHINE[arch]}") and "linux" in platform):
        return False
    if interpreter.startswith("py"):
        return abi == "none"
    found = re.fullmatch(r"cp3(\d+)", interpreter)
    if found is None:
        return False
    return int(found[1]) <= minor if abi == "abi3" else int(found[1]) == minor and abi in (interpreter, "none")
