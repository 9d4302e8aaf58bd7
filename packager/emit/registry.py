"""The configuration formats by their names on the command line."""

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
