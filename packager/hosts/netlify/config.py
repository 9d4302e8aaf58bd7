"""``netlify.toml`` for prebuilt functions.

Source: netlify/zip-it-and-ship-it d0ff917b (2024-05-22): a zip in the functions folder is copied unchanged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packager.core.errors import ConfigError
from packager.core.merge import Merge

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from packager.model.configs import Order
    from packager.model.plan import Bundle

TARGETS = ("netlify",)
FILE = "netlify.toml"
FOLDER = "netlify"
"""Below the output folder: what is deployed from."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_RESERVED = ("___netlify-entry-point", "___netlify-bootstrap")


def emit(order: Order) -> dict[str, str]:
    """Return netlify.toml whose functions folder holds our zips; everything else in it stays."""
    import tomlkit
    from tomlkit.exceptions import ParseError, TOMLKitError

    text = order.read(FILE)
    try:
        data = tomlkit.parse(text or "")
    except ParseError as error:
        raise ConfigError(str(error), where=f"{FILE}: line {error.line}") from error
    except TOMLKitError as error:
        raise ConfigError(str(error), where=FILE) from error
    merge = Merge(FILE, order.force)
    _build_section(data, merge)
    if text is None and order.bundles:
        runtime = order.bundles[0].target.runtime
        data.add(tomlkit.comment("The runtime is a setting of the site, not of this file:"))
        data.add(tomlkit.comment(f"  netlify env:set AWS_LAMBDA_JS_RUNTIME {runtime}"))
    directory = f"{order.out}/{FOLDER}/functions" if order.out else "functions"
    functions = _table(data, "functions", merge)
    merge.require(functions, {"directory": directory})
    for bundle in order.bundles:
        for entry in bundle.entries:
            name = function_name(entry)
            check_name(name, bundle)
    merge.finish()
    return {FILE: tomlkit.dumps(data) if merge.changed or text is None else text}


def _build_section(data: MutableMapping[str, Any], merge: Merge) -> None:
    """The old spelling ``[build] functions`` would win over ours: it must agree or go."""
    build = data.get("build")
    if isinstance(build, dict) and "functions" in build:
        if merge.force:
            del build["functions"]
            merge.changed = True
        else:
            merge.conflicts.append(("build.functions", build["functions"], "(removed: functions.directory says it)"))


def _table(data: MutableMapping[str, Any], key: str, merge: Merge) -> MutableMapping[str, Any]:
    import tomlkit

    if key not in data:
        data[key] = tomlkit.table()
        merge.changed = True
    return merge.section(data, key)


def function_name(entry: str) -> str:
    """Return what Netlify calls the function of an entry file.

    >>> function_name("functions/hello.js"), function_name("functions/hello/index.js")
    ('hello', 'hello')
    """
    stem = entry.rpartition(".")[0]
    folder, _, name = stem.rpartition("/")
    return folder.rpartition("/")[2] if name == "index" and folder and "/" in stem else name


def check_name(name: str, bundle: Bundle) -> None:
    """Raise ConfigError for a name Netlify does not take."""
    where = f"bundles.{bundle.name}.src"
    if name in _RESERVED:
        raise ConfigError(f"{name!r} is a name Netlify keeps for itself", where=where, fix="rename the file")  # noqa: EM102
    if not _NAME.fullmatch(name):
        msg = f"{name!r} is no name for a function: letters, digits, dashes and underscores"
        raise ConfigError(msg, where=where, fix="rename the file")


def manifest(functions: list[tuple[str, str]], arch: str) -> dict[str, Any]:
    """Return the document the bundler writes for prebuilt zips, given (name, runtime) of each.

    Its paths are absolute and it has a time stamp; ours are relative and have none, so that it repeats.
    """
    entries = [
        {
            "buildData": {},
            "mainFile": f"functions/{name}.zip",
            "name": name,
            "path": f"functions/{name}.zip",
            "runtime": "js",
            "runtimeVersion": runtime,
        }
        for name, runtime in functions
    ]
    machine = {"x86_64": "x64", "arm64": "arm64"}[arch]
    return {"functions": entries, "system": {"arch": machine, "platform": "linux"}, "timestamp": 0, "version": 1}
