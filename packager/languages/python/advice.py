"""How pip gets the right wheel for a target. Pure text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.languages.python.binaries import PIP_MACHINE

if TYPE_CHECKING:
    from packager.model.targets import Target

image_install = "RUN pip install -r requirements.txt -t ${LAMBDA_TASK_ROOT}"


def claims(path: str, *, at_home: bool) -> bool:
    """Return whether a native file is a module of Python: in a Python bundle each that no other language claims."""
    return at_home or ".cpython-" in path or ".abi3." in path


def install_advice(package: str, target: Target) -> str:
    """Return the pip command that installs wheels for the target on any machine."""
    tag = f"manylinux2014_{PIP_MACHINE[target.arch]}" if target.baseline.libc == "glibc" else "musllinux_1_2"
    name = f" {package}" if package else ""
    return f"install for the target: pip install --only-binary=:all: --platform {tag} --target …{name}"


def reinstall_advice(package: str, target: Target) -> str:
    """Return the pip command that installs wheels for the target's Python."""
    name = f" {package}" if package else ""
    platform = f"manylinux2014_{PIP_MACHINE[target.arch]}"
    return (
        f"install for the target: pip install --only-binary=:all: --python-version {target.language_version} "
        f"--platform {platform} --target …{name}"
    )


def library_advice(soname: str, target: Target) -> str:
    if soname.startswith("libpython"):
        return "build the module against the runtime's Python (--builder docker)"
    return ""
