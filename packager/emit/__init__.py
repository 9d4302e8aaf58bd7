"""The configurations hosts and deployment tools want: texts, merged into what the user has. Pure; nothing is written.

An emitter reads a file of the project through `Order.read`, adds what is missing, and leaves comments, order and
unknown keys as they are. A value of the user's that contradicts what is needed is a conflict: refused with a diff, or
with `Order.force` replaced. What would say the same is returned byte for byte, so emitting twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from packager.plan import Bundle


@dataclass(frozen=True)
class Order:
    """What a configuration is wanted for."""

    bundles: tuple[Bundle, ...]
    """Those of the emitter's targets, layers first."""
    read: Callable[[str], str | None]
    """Returns the text of a project file, None where there is none."""
    name: str = "app"
    """Of the project: what a new service or stack is called."""
    out: str = "dist"
    """Folder of the zips, relative to the project, POSIX."""
    force: bool = False
    """Replace values that contradict."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bundle → length of its zip, where it is built already."""


class Emitter(Protocol):
    """A module that knows one configuration format."""

    TARGETS: tuple[str, ...]
    """Targets whose bundles it describes."""

    def emit(self, order: Order) -> dict[str, str]:
        """Return file in the project → its whole new text. Raises ConfigError for a file that cannot be merged."""


EMITTERS: dict[str, str] = {
    "now": "packager.emit.now",
    "vercel": "packager.emit.vercel",
    "netlify": "packager.emit.netlify",
    "google-cloud-functions": "packager.emit.google",
    "up": "packager.emit.up",
    "serverless": "packager.emit.serverless",
    "sam": "packager.emit.sam",
    "terraform": "packager.emit.terraform",
    "cdk": "packager.emit.cdk",
}
"""Name on the command line → module. Text, so that one format's library is not loaded for another's sake."""


def emitter(name: str) -> Emitter:
    """Return the emitter of a name; raises UsageError with a guess."""
    import difflib
    import importlib
    from typing import cast

    from packager.errors import UsageError

    if name not in EMITTERS:
        close = difflib.get_close_matches(name, EMITTERS, n=1)
        guess = f", did you mean {close[0]!r}?" if close else ""
        msg = f"nothing called {name!r} can be emitted{guess}"
        raise UsageError(msg, fix=f"names are: {', '.join(EMITTERS)}")
    return cast("Emitter", importlib.import_module(EMITTERS[name]))
