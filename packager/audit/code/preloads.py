"""What a function's variables have the runtime start before the handler: is it there? Pure.

Source: Lambda's developer guide, "Modifying the runtime environment" (AWS_LAMBDA_EXEC_WRAPPER is a path, started as it
is); nodejs.org/api/cli.html (NODE_OPTIONS: ``--require``, ``--import``, ``--loader``, in the order of the text).
"""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from packager.catalog.finding_codes.registry import CODES
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packager.audit.code.resolving import Ground, Manner

WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
_OPTIONS: dict[str, Manner] = {
    "--require": "require",
    "-r": "require",
    "--import": "import",
    "--loader": "import",
    "--experimental-loader": "import",
}


def preloads(environment: Mapping[str, str], *, wrapped: bool, node: bool) -> Iterator[tuple[str, str, Manner]]:
    """Yield (variable, what it names, how that is found) of everything that is started before the handler.

    `wrapped` says whether the runtime reads the variable of Lambda's wrapper, `node` whether it is Node.

    >>> list(preloads({"NODE_OPTIONS": "--max-old-space-size=9 -r ./a.js --import=b"}, wrapped=True, node=True))
    [('NODE_OPTIONS', './a.js', 'require'), ('NODE_OPTIONS', 'b', 'import')]
    """
    wrapper = environment.get(WRAPPER, "")
    if wrapped and wrapper:
        yield WRAPPER, wrapper, "require"
    try:
        words = shlex.split(environment.get("NODE_OPTIONS", "")) if node else []
    except ValueError:
        words = []  # Node refuses it, and the proof says so
    while words:
        word = words.pop(0)
        option, given, value = word.partition("=")
        if option in _OPTIONS and (given or words):
            yield "NODE_OPTIONS", value if given else words.pop(0), _OPTIONS[option]


def check_preloads(
    named: Iterable[tuple[str, str, Manner]], ground: Ground, unseen_layers: tuple[str, ...], shown: str
) -> Iterator[Finding]:
    """Yield HND007 for what is nowhere here: a note where it may lie in a layer that is not here."""
    row = CODES["HND007"]
    for variable, name, manner in named:
        if _is_there(variable, name, manner, ground):
            continue
        ours = name.startswith((".", "#")) or f"{name}/".startswith(f"{ground.roots[0]}/")
        if unseen_layers and not ours:
            message = (
                f"{variable} names {name!r}, which was not checked: it may lie in layer {', '.join(unseen_layers)}"
            )
            yield Finding("HND007", "note", shown, message, row.fix)
            continue
        beneath = "the archive" if ours else "the archive or a layer of it"
        message = f"{variable} names {name!r}, which is not in {beneath}: the function does not start"
        yield Finding("HND007", row.severity, shown, message, row.fix)


def absent(named: Iterable[tuple[str, str, Manner]], ground: Ground) -> Iterator[str]:
    """Yield what the archive may have lost: paths below its root, and packages, that are not there."""
    root = f"{ground.roots[0]}/"
    for variable, name, manner in named:
        if not _is_there(variable, name, manner, ground):
            path = posixpath.normpath(posixpath.join(root, name)) if variable == WRAPPER else _path(name)
            inside = path.removeprefix(root)
            if not inside.startswith("/"):
                yield inside


def entry_of(name: str, manner: Manner, ground: Ground) -> str:
    """Return the file of the archive that a preloaded name means; empty where it is none."""
    found = ground.find(_path(name), _here(ground), manner) or ""
    return found if f"{found}/".startswith(f"{ground.roots[0]}/") else ""


def _is_there(variable: str, name: str, manner: Manner, ground: Ground) -> bool:
    if variable == WRAPPER:
        path = posixpath.normpath(posixpath.join(ground.roots[0], name))
        mounted = any(f"{path}/".startswith(f"{root}/") for root in ground.roots)
        return not mounted or path in ground.files
    return ground.find(_path(name), _here(ground), manner) is not None


def _here(ground: Ground) -> str:
    """Return a file in the working folder, from where names are looked for."""
    return f"{ground.roots[0]}/_"


def _path(name: str) -> str:
    """Return the path of a file: URL, other names as they are."""
    return unquote(urlsplit(name).path) if name.startswith("file:") else name
