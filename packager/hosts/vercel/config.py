"""``.vercel/output``: Build Output API version 3, complete but for the functions' own files.

Source: vercel/vercel 17d9ebaf8e (2026-08-03): BuildOutputConfig, NodejsLambda.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.core.document import read_text
from packager.core.errors import ConfigError
from packager.core.jsontext import read_json, write_json
from packager.core.merge import Merge
from packager.core.unused import unused_keys
from packager.model.configs import ForeignConfig
from packager.model.project import BundleSpec
from packager.select.trim.patterns import compiled

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.configs import Order
    from packager.model.plan import Bundle

OUTPUT = ".vercel/output"
CONFIG = f"{OUTPUT}/config.json"
SETTINGS = "vercel.json"
TITLE: str = "Vercel"
TARGETS: tuple[str, ...] = ("vercel",)
FILES: tuple[str, ...] = (SETTINGS,)
LAYERS_ALONE: bool = False
_MAX_NAME = 128
_CARRIED = ("memory", "maxDuration", "regions", "functionFailoverRegions", "supportsCancellation")
_TRANSLATED = "is made into routes by `vercel build`, which a prebuilt deployment does not run"
_BUILT = {
    "builds": "names builders, which a prebuilt deployment does not run",
    **dict.fromkeys(("redirects", "rewrites", "headers", "cleanUrls", "trailingSlash"), _TRANSLATED),
}
"""Keys of vercel.json that mean nothing to a prebuilt deployment: dropping them silently would change the site."""


def read(root: Path) -> ForeignConfig | None:
    """Return vercel.json as one bundle of the files its ``functions`` names; None where there is none."""
    text = read_text(root, SETTINGS)
    if text is None:
        return None
    data = read_json(text, SETTINGS)
    spec = BundleSpec("", "vercel", src=tuple(map(str, data.get("functions") or {})))
    return ForeignConfig(SETTINGS, (spec,), unused_keys(data, {"functions": {"*": {}}}))


def write(order: Order) -> dict[str, str]:
    """Return config.json and a .vc-config.json per entry, merged into those that are there.

    The routes, crons, images and function settings of the user's vercel.json go along; its routes come first.
    """
    files = {CONFIG: _config_text(order)}
    for bundle in order.bundles:
        for entry in bundle.entries:
            path = f"{OUTPUT}/functions/{function_path(entry)}.func/.vc-config.json"
            if path in files:
                msg = f"two entry files would be the function {function_path(entry)}, but function names must be unique"
                raise ConfigError(msg, where=f"bundles.{bundle.name}.src", fix="rename one of the files")
            needed, wished = function_config(order, bundle, entry)
            files[path] = _merged(order, path, needed, wished)
    return files


def config(order: Order) -> dict[str, Any]:
    """Return config.json. Raises ConfigError for a vercel.json this cannot carry over."""
    given = read_json(order.read(SETTINGS), SETTINGS)
    for key in _BUILT:
        if key in given:
            msg = _BUILT[key]
            fix = "write it as routes, which packager keeps" if key != "builds" else "remove it, or move the file away"
            raise ConfigError(msg, where=f"{SETTINGS}: {key}", fix=fix)
    if not isinstance(given.get("routes", []), list):
        raise ConfigError("expected a list", where=f"{SETTINGS}: routes")  # noqa: EM101
    routes = list(given.get("routes", []))
    routes.append({"handle": "filesystem"})
    for bundle in order.bundles:
        for entry in sorted(bundle.entries, key=lambda entry: function_path(entry) == "index"):
            path = function_path(entry)
            if path == "index":
                routes.append({"src": "/(.*)", "dest": "/index"})
            else:
                routes.append({"src": f"/{path.removesuffix('/index')}", "dest": f"/{path}"})
    return {"version": 3, "routes": routes, **{key: given[key] for key in ("crons", "images") if key in given}}


def function_config(order: Order, bundle: Bundle, entry: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return .vc-config.json of one function: (what must be so, what is added where nothing is said)."""
    path = function_path(entry)
    if len(path) > _MAX_NAME or " " in path:
        msg = f"{path!r} is not a valid function name: use no spaces and at most {_MAX_NAME} characters"
        raise ConfigError(msg, where=f"bundles.{bundle.name}.src", fix="rename the file")
    needed = {
        "runtime": bundle.target.runtime,
        "handler": entry,
        "launcherType": "Nodejs",
        # Said always: the default would follow the machine that runs the deployment.
        "architecture": bundle.target.arch,
    }
    wished = {"shouldAddHelpers": True, "shouldAddSourcemapSupport": False}
    return needed, {**wished, **_settings(order, entry)}


def _settings(order: Order, entry: str) -> dict[str, Any]:
    """Return what vercel.json says of a function and its configuration has a field for."""
    functions = read_json(order.read(SETTINGS), SETTINGS).get("functions") or {}
    if not isinstance(functions, dict):
        raise ConfigError("expected an object", where=f"{SETTINGS}: functions")  # noqa: EM101
    for pattern, settings in functions.items():
        # As over there: the first pattern that fits is the one.
        if isinstance(settings, dict) and (pattern == entry or compiled(pattern).match(entry)):
            return {key: settings[key] for key in _CARRIED if key in settings}
    return {}


def _config_text(order: Order) -> str:
    """Return config.json; one that has our routes among more of the user's keeps them."""
    wanted = config(order)
    there = read_json(order.read(CONFIG), CONFIG).get("routes")
    if isinstance(there, list):
        rest = iter(there)
        if all(route in rest for route in wanted["routes"]):
            wanted["routes"] = there
    return _merged(order, CONFIG, wanted, {})


def _merged(order: Order, file: str, needed: dict[str, Any], wished: dict[str, Any]) -> str:
    text = order.read(file)
    data = read_json(text, file)
    merge = Merge(file, order.force)
    merge.require(data, needed)
    merge.default(data, wished)
    merge.finish()
    return write_json(data, text) if merge.changed or text is None else text


def function_path(entry: str) -> str:
    """Return where a function is reached, as the folder is called without ``.func``.

    >>> function_path("api/users.js")
    'api/users'
    """
    return entry.rpartition(".")[0]
