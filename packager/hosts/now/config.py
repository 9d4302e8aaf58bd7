"""``now.json`` for ZEIT Now, platform version 2.

Source: prisma/photonjs, examples/javascript/now (2019-08); vercel/vercel 02b3c5f535 for ``maxLambdaSize``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.core.document import read_text
from packager.core.errors import ConfigError, UsageError
from packager.core.jsontext import read_json, write_json
from packager.core.merge import Merge
from packager.core.units import parse_size
from packager.core.unused import unused_keys
from packager.model.configs import ForeignConfig
from packager.model.project import BundleSpec

if TYPE_CHECKING:
    from pathlib import Path

    from packager.core.unused import UsedKeys
    from packager.model.configs import Order
    from packager.model.plan import Bundle

FILE = "now.json"
TITLE: str = "ZEIT Now"
TARGETS: tuple[str, ...] = ("now",)
FILES: tuple[str, ...] = (FILE,)
LAYERS_ALONE: bool = False
BUILDER = "@now/node@canary"
DEFAULT_LAMBDA_SIZE = "25mb"
HARD_LAMBDA_SIZE = "50mb"
_USED: UsedKeys = {
    "version": True,
    "builds": {"src": True, "use": True, "config": {"maxLambdaSize": True}},
    # The names: values are secrets.
    "env": True,
}


def read(root: Path) -> ForeignConfig | None:
    """Return now.json as one bundle of the files that its Node builders build; None where there is none."""
    text = read_text(root, FILE)
    if text is None:
        return None
    data = read_json(text, FILE)
    _check_version(data)
    every = data.get("builds") or []
    builds = [build for build in every if "node" in str(build.get("use", ""))]
    sizes = [build["config"]["maxLambdaSize"] for build in builds if "maxLambdaSize" in (build.get("config") or {})]
    try:
        budget = min((parse_size(size) for size in sizes), default=None)
    except UsageError as error:
        raise ConfigError(error.message, where=f"{FILE}: builds.config.maxLambdaSize", fix=error.fix) from error
    src = tuple(str(build.get("src", "")) for build in builds)
    environment = {str(name): "" for name in data.get("env") or {}}
    spec = BundleSpec("", "now", src=src, budget_bytes=budget, environment=environment)
    others = {f"builds[{index}]" for index, build in enumerate(every) if build not in builds}
    return ForeignConfig(FILE, (spec,), unused_keys(data, _USED, others))


def _check_version(data: dict[str, Any]) -> None:
    """Raise ConfigError for another version of the platform."""
    version = data.get("version", 2)
    if version != 2:
        msg = f"version {version!r} is not supported, only 2 is"
        raise ConfigError(msg, where=f"{FILE}: version", fix="see the host's guide for moving to version 2")


def write(order: Order) -> dict[str, str]:
    """Return now.json with a build per entry file, routes to them, and the names of variables; values are secrets.

    A build of the user's stays as it is but for a missing ``maxLambdaSize``; routes of theirs come first.
    """
    text = order.read(FILE)
    data = read_json(text, FILE)
    _check_version(data)
    merge = Merge(FILE, order.force)
    merge.require(data, {"version": 2})
    _refuse_doubles(order)
    for bundle in order.bundles:
        _add(data, bundle, merge, order.sizes.get(bundle.name, 0))
    merge.finish()
    return {FILE: write_json(data, text) if merge.changed or text is None else text}


def _refuse_doubles(order: Order) -> None:
    """Raise ConfigError where two entry files would be reached by one route, which leads to the first alone."""
    seen: dict[str, str] = {}
    for bundle in order.bundles:
        for entry in bundle.entries:
            (route,) = routes_to(entry)
            other = seen.setdefault(route["src"], entry)
            if other != entry:
                msg = f"{other} and {entry} would both answer {route['src']}"
                raise ConfigError(msg, where=f"bundles.{bundle.name}.src", fix="rename one of the files")


def package_text(order: Order) -> str | None:
    """Return package.json with a ``now-build`` script that generates over there, for their system; None without one.

    Not added where the user's own scripts generate already: the origin did so in ``postinstall``.
    """
    text = order.read("package.json")
    data = read_json(text, "package.json")
    lines = [line for bundle in order.bundles for line in bundle.job.generate]
    scripts = data.get("scripts") or {}
    if text is None or not lines or "postinstall" in scripts:
        return text
    merge = Merge("package.json")
    merge.default(merge.section(data, "scripts"), {"now-build": " && ".join(dict.fromkeys(lines))})
    return write_json(data, text) if merge.changed else text


def _add(data: dict[str, Any], bundle: Bundle, merge: Merge, zipped_bytes: int) -> None:
    builds = _list(data, "builds")
    routes = _list(data, "routes")
    for entry in bundle.entries:
        config = {"maxLambdaSize": lambda_size(bundle, zipped_bytes)}
        mine = next((build for build in builds if isinstance(build, dict) and _covers(build.get("src"), entry)), None)
        if mine is None:
            builds.append({"src": entry, "use": BUILDER, "config": config})
            merge.changed = True
        elif "maxLambdaSize" not in merge.section(mine, "config"):
            merge.default(mine["config"], config)
        for route in routes_to(entry):
            if not any(isinstance(other, dict) and other.get("src") == route["src"] for other in routes):
                routes.append(route)
                merge.changed = True
    # The catch-all would swallow every route behind it.
    catch_all = [route for route in routes if isinstance(route, dict) and route.get("src") == "/(.*)"]
    rest = [route for route in routes if route not in catch_all]
    if routes != [*rest, *catch_all]:
        routes[:] = [*rest, *catch_all]
    if names := [name for name, _ in bundle.environment]:
        merge.default(merge.section(data, "env"), {name: f"@{name.lower().replace('_', '-')}" for name in names})


def routes_to(entry: str) -> list[dict[str, str]]:
    """Return the routes of an entry file.

    >>> routes_to("index.js"), routes_to("api/users.js")
    ([{'src': '/(.*)', 'dest': 'index.js'}], [{'src': '/api/users', 'dest': 'api/users.js'}])
    """
    stem = entry.rpartition(".")[0]
    if stem == "index":
        return [{"src": "/(.*)", "dest": entry}]
    return [{"src": f"/{stem.removesuffix('/index')}", "dest": entry}]


def lambda_size(bundle: Bundle, zipped_bytes: int) -> str:
    """Return ``maxLambdaSize``: the user's budget, else the origin's 25mb, else what a larger zip needs.

    Now reads it with npm's ``bytes``: binary multiples, a number is bytes.
    """
    if bundle.budget.zipped_by_user and bundle.budget.zipped is not None:
        whole, rest = divmod(bundle.budget.zipped, 1 << 20)
        return f"{whole}mb" if whole and not rest else str(bundle.budget.zipped)
    return HARD_LAMBDA_SIZE if zipped_bytes > parse_size(DEFAULT_LAMBDA_SIZE) else DEFAULT_LAMBDA_SIZE


def _covers(pattern: object, entry: str) -> bool:
    from packager.select.trim.patterns import compiled

    return isinstance(pattern, str) and (pattern == entry or bool(compiled(pattern).match(entry)))


def _list(data: dict[str, Any], key: str) -> list[Any]:
    found = data.setdefault(key, [])
    if not isinstance(found, list):
        raise ConfigError("expected a list", where=f"{FILE}: {key}")  # noqa: EM101
    return found
