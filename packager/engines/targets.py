"""Target → binary target: which of a generator's engines runs there, and whether the schema asks for it. Pure."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.clients import Client
    from packager.model.generators import BinaryTargets
    from packager.model.targets import Target


def binary_target(names: BinaryTargets, target: Target) -> str:
    """Return the generator's name for the system a target runs; empty if it has none.

    Asks the target's baseline alone: the machine that builds has no say.
    """
    families = dict(names.families)
    family = families.get(target.baseline.libc) or families.get(target.platform.family, "")
    return next(filter(None, (names.named(family, openssl, target.arch) for openssl in target.baseline.openssl)), "")


def check_listed(client: Client, names: BinaryTargets) -> None:
    """Raise ConfigError for a binary target the generator does not know, or no longer does, naming the right one."""
    where = f"{client.schema_file}: generator {client.generator}: {names.setting}"
    deprecated = dict(names.deprecated)
    for name in client.listed:
        if name in deprecated:
            msg = f"binary target {name} is deprecated"
            raise ConfigError(msg, where=where, fix=f"write {deprecated[name]} instead")
        # Photon and its successors also took paths of engine files.
        if name not in names.known and "/" not in name:
            close = difflib.get_close_matches(name, names.known, n=1)
            guess = f"did you mean {close[0]}? " if close else ""
            msg = f"unknown binary target {name!r}"
            raise ConfigError(msg, where=where, fix=f"{guess}use one of: {', '.join(names.known)}")


def setting_line(client: Client, names: BinaryTargets, wanted: str) -> str:
    """Return the line to write into the generator block so that the engine for `wanted` is made, too."""
    listed = client.listed or ("native",)
    values = ", ".join(f'"{name}"' for name in dict.fromkeys((*listed, wanted)))
    return f"{names.setting} = [{values}]"


def not_listed(client: Client, names: BinaryTargets, wanted: str, target: Target) -> ConfigError:
    """Return the error for a schema that does not ask for the engine the target needs."""
    listed = ", ".join(client.listed) or "native, the machine that builds"
    msg = f"asks for engines for {listed}, but {target.title} ({target.baseline.title}) needs one for {wanted}"
    return ConfigError(
        msg,
        where=f"{client.schema_file}: generator {client.generator}",
        fix=(
            f"write  {setting_line(client, names, wanted)}  into it, or build with "
            "--fix-schema, which does not change your file"
        ),
    )


def for_targets(clients: Iterable[Client], by_folder: Iterable[tuple[str, str]]) -> tuple[Client, ...]:
    """Return the clients with the binary target each was generated for among their facts."""
    wanted = dict(by_folder)
    return tuple(
        replace(client, facts={**client.facts, "binary_target": wanted[client.folder]})
        if client.folder in wanted
        else client
        for client in clients
    )
