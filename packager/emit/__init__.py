"""The configurations hosts and deployment tools want: texts, merged into what the user has. Pure; nothing is written.

An emitter reads a file of the project through `Order.read`, adds what is missing, and leaves comments, order and
unknown keys as they are. A value of the user's that contradicts what is needed is a conflict: refused with a diff, or
with `Order.force` replaced. What would say the same is returned byte for byte, so emitting twice changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.configs import Emitter


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

    from packager.core.errors import UsageError

    if name not in EMITTERS:
        close = difflib.get_close_matches(name, EMITTERS, n=1)
        guess = f", did you mean {close[0]!r}?" if close else ""
        msg = f"nothing called {name!r} can be emitted{guess}"
        raise UsageError(msg, fix=f"names are: {', '.join(EMITTERS)}")
    return cast("Emitter", importlib.import_module(EMITTERS[name]))
