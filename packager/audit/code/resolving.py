"""Where Node finds what code asks for, in the archive and the layers as they will be mounted. Pure.

Source: nodejs.org/api/modules.html, "All together"; nodejs.org/api/esm.html, "Resolution algorithm"; packages.html.
"""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Manner = Literal["require", "import"]

BUILTINS = frozenset((
    "_http_agent", "_http_client", "_http_common", "_http_incoming", "_http_outgoing", "_http_server",
    "_stream_duplex", "_stream_passthrough", "_stream_readable", "_stream_transform", "_stream_wrap",
    "_stream_writable", "_tls_common", "_tls_wrap", "assert", "assert/strict", "async_hooks", "buffer",
    "child_process", "cluster", "console", "constants", "crypto", "dgram", "diagnostics_channel", "dns",
    "dns/promises", "domain", "events", "fs", "fs/promises", "http", "http2", "https", "inspector",
    "inspector/promises", "module", "net", "os", "path", "path/posix", "path/win32", "perf_hooks", "process",
    "punycode", "querystring", "readline", "readline/promises", "repl", "stream", "stream/consumers",
    "stream/promises", "stream/web", "string_decoder", "sys", "timers", "timers/promises", "tls",
    "trace_events", "tty", "url", "util", "util/types", "v8", "vm", "wasi", "worker_threads", "zlib",
))  # fmt: skip
"""What Node itself has under a name without a scheme. Source: `module.builtinModules` of Node 18 to 26."""
_CONDITIONS: dict[Manner, frozenset[str]] = {
    "require": frozenset({"node", "require", "default", "node-addons", "module-sync"}),
    "import": frozenset({"node", "import", "default", "node-addons", "module-sync"}),
}
_TRIED = ("", ".js", ".json", ".node")
_COMPILED = (".ts", ".tsx", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".css")
"""Further endings that a bundler tries."""
_FROM_JS = {".js": (".ts", ".tsx", ".jsx"), ".mjs": (".mts",), ".cjs": (".cts",), ".jsx": (".tsx",)}
"""What a bundler takes a name for that means the compiled file of TypeScript."""


@dataclass(frozen=True)
class Ground:
    """The files of a function and its layers by their paths at run time, and what the runtime adds."""

    files: frozenset[str]
    """Absolute: ``/var/task/index.js``, ``/opt/nodejs/node_modules/a/index.js``."""
    read: Callable[[str], str | None]
    """Returns the text of a file, None where it has none."""
    roots: tuple[str, str] = ("/var/task", "/opt")
    """Where the function and its layers lie."""
    node_path: tuple[str, ...] = ()
    brought: tuple[str, ...] = ()
    """Globs of packages that the runtime itself has."""
    bundled: bool = False
    """Whether a bundler has found the modules: it tries more than Node does."""
    requires_modules: bool = True
    """Whether `require` takes ES modules, and then the condition ``module-sync`` counts."""
    node: int = 0
    """The runtime's major version of Node; 0 where it is not known."""
    _manifests: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Return every folder that holds something."""
        found: set[str] = set()
        for path in self.files:
            folder = posixpath.dirname(path)
            while folder not in found and folder != "/":
                found.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(found)

    def manifest(self, folder: str) -> dict[str, Any] | None:
        """Return the package.json of a folder; None where it has none, {} for one that cannot be read."""
        path = f"{folder}/package.json"
        if path not in self.files:
            return None
        if path not in self._manifests:
            try:
                data = json.loads(self.read(path) or "")
            except (ValueError, RecursionError):
                data = {}
            self._manifests[path] = data if isinstance(data, dict) else {}
        return self._manifests[path]

    def find(self, name: str, importer: str, manner: Manner) -> str | None:
        """Return the file that a name means to a file; "" for what is not a file of the bundle; None for nothing.

        Packages of the runtime and of Node, and names with a scheme (``data:``) or outside the mounts, are "".
        """
        if name.partition("/")[0] in (".", ".."):
            return self._file(posixpath.normpath(posixpath.join(posixpath.dirname(importer), name)), name, manner)
        if name.startswith("/"):
            mounted = any(f"{name}/".startswith(f"{root}/") for root in self.roots)
            return self._file(posixpath.normpath(name), name, manner) if mounted else ""
        if name in BUILTINS or name.rstrip("/") in BUILTINS or ":" in name.partition("/")[0]:
            return ""
        if name.startswith("#"):
            return self._import(name, importer, manner)
        return self._package(name, importer, manner)

    def is_module(self, path: str) -> bool:
        """Return whether Node takes a file for an ES module, by its ending and the nearest package.json."""
        if not path.endswith(".js"):
            return path.endswith(".mjs")
        scope = self._scope(path)
        return scope is not None and scope[1].get("type") == "module"

    def package_lies(self, name: str, importer: str) -> bool:
        """Return whether the folder of the package that a bare name means is there at all."""
        package = package_of(name)
        return any(f"{folder}/{package}" in self.folders for folder in self._looked_into(importer))

    def _file(self, path: str, name: str, manner: Manner) -> str | None:
        if manner == "import" and not self.bundled:
            return path if path in self.files else None
        folder = name.endswith(("/", "/.", "/..")) or name in (".", "..")
        found = None if folder else self._as_file(path)
        return found or self._as_folder(path)

    def _as_file(self, path: str) -> str | None:
        endings = (*_TRIED, *_COMPILED) if self.bundled else _TRIED
        for ending in endings:
            if path + ending in self.files:
                return path + ending
        if self.bundled:
            stem, ending = posixpath.splitext(path)
            return next((stem + other for other in _FROM_JS.get(ending, ()) if stem + other in self.files), None)
        return None

    def _as_folder(self, path: str) -> str | None:
        main = (self.manifest(path) or {}).get("main")
        if isinstance(main, str) and main:
            target = posixpath.normpath(posixpath.join(path, main))
            if found := self._as_file(target) or self._as_file(f"{target}/index"):
                return found
        return self._as_file(f"{path}/index")

    def _looked_into(self, importer: str) -> Iterator[str]:
        folder = posixpath.dirname(importer)
        while True:
            if posixpath.basename(folder) != "node_modules":
                yield posixpath.join(folder, "node_modules")
            if folder in ("/", ""):
                break
            folder = posixpath.dirname(folder)
        yield from self.node_path

    def _package(self, name: str, importer: str, manner: Manner) -> str | None:
        package = package_of(name)
        rest = name[len(package) + 1 :]
        own = self._scope(importer)
        if own is not None and own[1].get("name") == package and "exports" in own[1]:
            return self._exported(own[0], own[1]["exports"], rest, manner)
        for folder in self._looked_into(importer):
            place = f"{folder}/{package}"
            # NODE_PATH may hold plain files, too: `require("lib/x")` of /var/task/lib/x.js.
            lies = place in self.folders
            found = self._in_package(place, rest, manner) if lies else self._as_file(f"{folder}/{name}")
            if found is not None:
                return found
        if any(fnmatchcase(package, glob) for glob in self.brought):
            return ""
        return None

    def _in_package(self, place: str, rest: str, manner: Manner) -> str | None:
        data = self.manifest(place) or {}
        if data.get("exports") is not None:
            return self._exported(place, data["exports"], rest, manner)
        if not rest:
            return self._as_folder(place)
        inner = posixpath.normpath(posixpath.join(place, rest))
        if manner == "import" and not self.bundled:
            return inner if inner in self.files else None
        return self._as_file(inner) or self._as_folder(inner)

    def _scope(self, importer: str) -> tuple[str, dict[str, Any]] | None:
        """Return the nearest folder with a package.json around a file, and what that says."""
        folder = posixpath.dirname(importer)
        while folder not in ("/", "") and posixpath.basename(folder) != "node_modules":
            data = self.manifest(folder)
            if data is not None:
                return folder, data
            folder = posixpath.dirname(folder)
        return None

    def _import(self, name: str, importer: str, manner: Manner) -> str | None:
        own = self._scope(importer)
        table = own[1].get("imports") if own is not None else None
        if own is None or not isinstance(table, dict):
            return None
        return self._mapped(own[0], table, name, manner)

    def _exported(self, place: str, exports: object, rest: str, manner: Manner) -> str | None:
        table = exports
        if not (isinstance(exports, dict) and any(str(key).startswith(".") for key in exports)):
            table = {".": exports}
        return self._mapped(place, table, f"./{rest}" if rest else ".", manner) if isinstance(table, dict) else None

    def _mapped(self, place: str, table: dict[str, Any], key: str, manner: Manner) -> str | None:
        """Return the file that a table of package.json's ``exports`` or ``imports`` has for a key."""
        if key in table and "*" not in key:
            return self._target(place, table[key], "", manner)
        fitting = []
        for pattern in table:
            head, star, tail = pattern.partition("*")
            if star and key.startswith(head) and key.endswith(tail) and len(key) > len(head) + len(tail) - 1:
                fitting.append((len(head), len(pattern), pattern, key[len(head) : len(key) - len(tail)]))
            elif pattern.endswith("/") and key.startswith(pattern):  # Node 16 and before
                fitting.append((len(pattern), 0, pattern, key[len(pattern) :]))
        if not fitting:
            return None
        _, _, pattern, part = max(fitting)
        return self._target(place, table[pattern], part, manner)

    def _target(self, place: str, target: object, part: str, manner: Manner) -> str | None:
        if isinstance(target, str):
            said = target.replace("*", part) if "*" in target else target + (part if target.endswith("/") else "")
            if not said.startswith("./"):
                return self.find(said, f"{place}/package.json", manner)
            path = posixpath.normpath(posixpath.join(place, said))
            return path if path in self.files else self._as_file(path) if self.bundled else None
        if isinstance(target, list):
            found = (self._target(place, each, part, manner) for each in target)
            return next((each for each in found if each is not None), None)
        if isinstance(target, dict):
            for condition, inner in target.items():
                if condition in _CONDITIONS[manner] and (condition != "module-sync" or self.requires_modules):
                    found_here = self._target(place, inner, part, manner)
                    if found_here is not None:
                        return found_here
        return None


def package_of(name: str) -> str:
    """Return the package that a bare name begins with.

    >>> package_of("@a/b/c.js"), package_of("a/b")
    ('@a/b', 'a')
    """
    return "/".join(name.split("/")[: 2 if name.startswith("@") else 1])
