"""The command line. Only this room imports click, and this module not even that: nothing changed is told without."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from packager.cli.group import COMMANDS as COMMANDS
    from packager.cli.group import LazyGroup as LazyGroup
    from packager.cli.group import cli as cli
    from packager.cli.group import run as run


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    words = sys.argv[1:] if arguments is None else arguments
    seen = None
    if words[:1] == ["pack"]:
        from packager.glance.unchanged import glance

        try:
            seen = glance(words[1:])
        except KeyboardInterrupt:
            pass  # let the group tell it, as it does everywhere
        else:
            if seen is not None and seen.unchanged:
                sys.exit(0)
    from packager.cli.group import run

    sys.exit(run(words, seen))


def __getattr__(name: str) -> object:
    """Import a name from the group (PEP 562)."""
    if name in ("COMMANDS", "LazyGroup", "cli", "run"):
        from packager.cli import group

        return getattr(group, name)
    msg = f"module 'packager.cli' has no attribute {name!r}"
    raise AttributeError(msg)
