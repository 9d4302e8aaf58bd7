"""``.vercel/output``: Build Output API version 3, complete but for the functions' own files.

Source: vercel/vercel 17d9ebaf8e (2026-08-03): BuildOutputConfig, NodejsLambda.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.emit.jsontext import read_json, write_json
from packager.errors import ConfigError

if TYPE_CHECKING:
    from packager.emit import Order
    from packager.plan import Bundle

TARGETS = ("vercel",)
OUTPUT = ".vercel/output"
_MAX_NAME = 128


def emit(order: Order) -> dict[str, str]:
    """Return config.json and a .vc-config.json per entry; the routes of the user's vercel.json come first."""
    files = {f"{OUTPUT}/config.json": write_json(config(order))}
    for bundle in order.bundles:
        for entry in bundle.entries:
            files[f"{OUTPUT}/functions/{function_path(entry)}.func/.vc-config.json"] = write_json(
                function_config(bundle, entry)
            )
    return files


def config(order: Order) -> dict[str, Any]:
    """Return config.json. Raises ConfigError for a vercel.json this cannot carry over."""
    given = read_json(order.read("vercel.json"), "vercel.json")
    if "builds" in given:
        msg = "names builders, which a prebuilt deployment does not run"
        raise ConfigError(msg, where="vercel.json: builds", fix="remove it, or move the file away")
    routes = list(given.get("routes", []))
    routes.append({"handle": "filesystem"})
    for bundle in order.bundles:
        for entry in sorted(bundle.entries, key=lambda entry: function_path(entry) == "index"):
            path = function_path(entry)
            if path == "index":
                routes.append({"src": "/(.*)", "dest": "/index"})
            else:
                routes.append({"src": f"/{path.removesuffix('/index')}", "dest": f"/{path}"})
    return {"version": 3, "routes": routes}


def function_config(bundle: Bundle, entry: str) -> dict[str, Any]:
    """Return .vc-config.json of one function."""
    path = function_path(entry)
    if len(path) > _MAX_NAME or " " in path:
        msg = f"{path!r} is no name for a function: no spaces, {_MAX_NAME} characters at most"
        raise ConfigError(msg, where=f"bundles.{bundle.name}.src", fix="rename the file")
    return {
        "runtime": bundle.target.runtime,
        "handler": entry,
        "launcherType": "Nodejs",
        "shouldAddHelpers": True,
        "shouldAddSourcemapSupport": False,
        # Said always: the default would follow the machine that runs the deployment.
        "architecture": bundle.target.arch,
    }


def function_path(entry: str) -> str:
    """Return where a function is reached, as the folder is called without ``.func``.

    >>> function_path("api/users.js")
    'api/users'
    """
    return entry.rpartition(".")[0]
