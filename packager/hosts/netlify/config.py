"""``netlify.toml`` for prebuilt functions.

Source: netlify/zip-it-and-ship-it d0ff917b (2024-05-22): a zip in the functions folder is copied unchanged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packager.core.document import read_text
from packager.core.errors import ConfigError
from packager.core.merge import Merge
from packager.core.unused import unused_keys
from packager.model.configs import ForeignConfig
from packager.model.project import BundleSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from pathlib import Path

    from packager.core.unused import UsedKeys
    from packager.model.configs import Order
    from packager.model.hosts import Placeable

FILE = "netlify.toml"
TITLE: str = "Netlify"
TARGETS: tuple[str, ...] = ("netlify",)
FILES: tuple[str, ...] = (FILE,)
LAYERS_ALONE: bool = False
FOLDER = "netlify"
"""Below the output folder: what is deployed from."""
_MARK = "\ufeff"
"""Some editors begin a file with it; TOML has no such thing."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_RESERVED = ("___netlify-entry-point", "___netlify-bootstrap")
_SUFFIXES = (".js", ".mjs", ".cjs")
_USED: UsedKeys = {"functions": {"directory": True}, "build": {"functions": True}}


def read(root: Path) -> ForeignConfig | None:
    """Return netlify.toml as one bundle of the files in its functions folder; None where there is none.

    Raises ConfigError for a folder that is named and holds no function, unless it is that of our own zips.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    text = read_text(root, FILE)
    if text is None:
        return None
    try:
        data: dict[str, Any] = tomlkit.parse(text.removeprefix(_MARK)).unwrap()
    except TOMLKitError as error:
        raise ConfigError(str(error), where=FILE) from error
    directory = (data.get("functions") or {}).get("directory")
    named = directory or (data.get("build") or {}).get("functions")
    folder = str(named or "netlify/functions").strip("/")
    unused = unused_keys(data, _USED, ("build.functions",) if directory else ())
    if src := tuple(_entries(root, folder)):
        return ForeignConfig(FILE, (BundleSpec("", "netlify", src=src),), unused)
    if named and not str(named).strip("/").startswith("dist/"):
        msg = f"{folder} holds no functions"
        raise ConfigError(msg, where=f"{FILE}: functions.directory", fix="put NAME.js files there")
    return ForeignConfig(FILE, (), unused)


def _entries(root: Path, folder: str) -> Iterator[str]:
    """Yield ``NAME.js`` and ``NAME/index.js`` or ``NAME/NAME.js`` of the functions folder."""
    for path in sorted((root / folder).glob("*")) if (root / folder).is_dir() else ():
        if path.suffix in _SUFFIXES:
            yield path.relative_to(root).as_posix()
        for name in ("index", path.name):
            inner = [path / f"{name}{suffix}" for suffix in _SUFFIXES]
            yield from [entry.relative_to(root).as_posix() for entry in inner if entry.is_file()][:1]


def write(order: Order) -> dict[str, str]:
    """Return netlify.toml whose functions folder holds our zips; everything else in it stays."""
    import tomlkit
    from tomlkit.exceptions import ParseError, TOMLKitError

    text = order.read(FILE)
    mark = _MARK if text and text.startswith(_MARK) else ""
    try:
        data = tomlkit.parse((text or "").removeprefix(mark))
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
    return {FILE: mark + tomlkit.dumps(data) if merge.changed or text is None else text}


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


def check_name(name: str, bundle: Placeable) -> None:
    """Raise ConfigError for a name Netlify does not take."""
    where = f"bundles.{bundle.name}.src"
    if name in _RESERVED:
        raise ConfigError(f"{name!r} is a name that Netlify reserves", where=where, fix="rename the file")  # noqa: EM102
    if not _NAME.fullmatch(name):
        msg = f"{name!r} is not a valid function name: use letters, digits, dashes and underscores"
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
