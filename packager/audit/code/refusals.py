"""What own code asks for that is there, and that Node refuses for the way it is asked for. Pure.

Source: nodejs.org/api/esm.html, "Differences between ES modules and CommonJS" and "Import attributes" (JSON needs
``with { type: "json" }``); nodejs.org/api/modules.html, "Built-in modules with mandatory node: prefix".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from packager.audit.code.asks import Ask
    from packager.audit.code.resolving import Ground

_SINCE = {"node:sqlite": 22, "node:sea": 20, "node:test": 18, "node:test/reporters": 18}
"""The first major version of Node that has a module without any option."""
_REQUIRE_MODULES = (
    "use `await import('{name}')`, join it (trim: bundle), or set NODE_OPTIONS=--experimental-require-module "
    "(bundles.<name>.environment)"
)


class Refusal(NamedTuple):
    """Why Node does not take it (behind ``index.js:1``), and what to do."""

    message: str
    fix: str


def refusal(ask: Ask, file: str, found: str | None, ground: Ground, runtime: str) -> Refusal | None:
    """Return why what `file` asks for is refused although it is there (`found`, "" for Node's own); None if it is not.

    A bundler answers such questions itself, all but those for Node's own modules.
    """
    since = _SINCE.get(ask.name, 0)
    if found == "" and 0 < ground.node < since:
        message = f"asks for {ask.name!r}, which Node has from version {since} on, and {runtime} has {ground.node}"
        return Refusal(message, f"choose a runtime with Node {since} or later, or a package in its place")
    if ground.bundled:
        return None
    if ask.of_commonjs and ground.is_module(file):
        message = f"calls require({ask.name!r}), and an ES module has no require"
        return Refusal(message, "import it, or make a require: createRequire(import.meta.url) of node:module")
    if not found:
        return None
    if ask.kind == "require" and not ground.requires_modules and ground.is_module(found):
        message = f"requires {ask.name!r}, an ES module, and require does not take these on {runtime}"
        return Refusal(message, _REQUIRE_MODULES.format(name=ask.name))
    if ask.kind in ("import", "static") and found.endswith(".json") and not ask.with_attributes:
        message = f"imports {ask.name!r} without saying that it is JSON, which Node refuses"
        return Refusal(message, 'write `with { type: "json" }` behind it; an import() takes it as its second argument')
    return None
