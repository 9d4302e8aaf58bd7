"""The configuration formats by their names on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.configs import Emitter


EMITTERS: dict[str, str] = {
    "now": "packager.hosts.now.config",
    "vercel": "packager.hosts.vercel.config",
    "netlify": "packager.hosts.netlify.config",
    "google-cloud-functions": "packager.hosts.google_cloud_functions.config",
    "up": "packager.hosts.up.config",
    "serverless": "packager.deploy_tools.serverless.config",
    "sam": "packager.deploy_tools.sam",
    "terraform": "packager.deploy_tools.terraform",
    "cdk": "packager.deploy_tools.cdk",
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
