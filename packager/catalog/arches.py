"""The architectures by any of their usual names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError

if TYPE_CHECKING:
    from packager.model.targets import Arch


def parse_arch(text: str, where: str) -> Arch:
    """Return the architecture by any of its usual names; raises ConfigError."""
    names: dict[str, Arch] = {
        "x86_64": "x86_64", "x64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64",
    }  # fmt: skip
    if text.lower() not in names:
        msg = f"unknown architecture {text!r}"
        raise ConfigError(msg, where=where, fix="use one of: x86_64, arm64")
    return names[text.lower()]
