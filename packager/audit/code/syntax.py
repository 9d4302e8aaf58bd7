"""JavaScript and TypeScript as a tree: the one door to the parser. Nothing is run.

The grammars are tree-sitter's: wheels for each system, so a build without Node and without a network reads code, too.
They are tolerant: what they cannot read becomes an ERROR node, and the rest is read all the same.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from tree_sitter import Language, Node, Parser, Query, QueryCursor

if TYPE_CHECKING:
    from collections.abc import Iterator

Dialect = Literal["javascript", "typescript", "tsx"]

FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
        "class_static_block",
    }
)
"""Kinds of nodes whose inside runs at another time than what stands around them."""
_ENDINGS: dict[str, Dialect] = {
    ".js": "javascript",
    ".cjs": "javascript",
    ".mjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".cts": "typescript",
    ".mts": "typescript",
    ".tsx": "tsx",
}
_WANTED = """
(call_expression) @call
(import_statement) @module
(export_statement source: (string)) @module
(identifier) @name
(shorthand_property_identifier) @name
"""


def dialect_of(path: str) -> Dialect | None:
    """Return how a file is written, by its ending; None for what is no code."""
    if path.endswith((".d.ts", ".d.mts", ".d.cts")):
        return None
    return _ENDINGS.get(f".{path.rpartition('.')[2]}")


@cache
def _language(dialect: Dialect) -> Language:
    import tree_sitter_javascript
    import tree_sitter_typescript

    grammars = {
        "javascript": tree_sitter_javascript.language,
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
    }
    return Language(grammars[dialect]())


@cache
def _query(dialect: Dialect) -> Query:
    return Query(_language(dialect), _WANTED)


class Parsed:
    """One parsed file: its calls, its import and export statements, and its names, in the order of the text."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._tree = Parser(_language(dialect)).parse(text.encode("utf-8", "replace"))
        found = QueryCursor(_query(dialect)).captures(self._tree.root_node)
        self.calls = _ordered(found.get("call", []))
        self.modules = _ordered(found.get("module", []))
        self.names: dict[str, list[Node]] = {}
        """Name → where it stands as an identifier; names of members (``a.NAME``) are none."""
        for node in _ordered(found.get("name", [])):
            self.names.setdefault(source(node), []).append(node)


def _ordered(nodes: list[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: (node.start_byte, -node.end_byte))


def source(node: Node | None) -> str:
    """Return the text of a node; empty for none."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def literal(node: Node | None) -> str | None:
    """Return the value of a string literal; None for anything else, and for one with escapes or values in it."""
    if node is None or node.type not in ("string", "template_string"):
        return None
    if any(child.type in ("escape_sequence", "template_substitution") for child in node.children):
        return None
    return source(node)[1:-1]


def arguments(call: Node) -> list[Node]:
    """Return the arguments of a call, without comments."""
    given = call.child_by_field_name("arguments")
    if given is None or given.type != "arguments":  # a tagged template
        return []
    return [child for child in given.named_children if child.type != "comment"]


def callee(call: Node) -> tuple[str, str]:
    """Return (object, name) of what a call calls: ("", "require"), ("fs", "readFile"), ("", "import")."""
    called = call.child_by_field_name("function")
    if called is None:
        return "", ""
    if called.type == "member_expression":
        return source(called.child_by_field_name("object")), source(called.child_by_field_name("property"))
    if called.type in ("identifier", "import"):
        return "", source(called)
    return "", ""


def parents(node: Node) -> Iterator[tuple[Node, Node]]:
    """Yield (child, parent) from a node upwards."""
    child, parent = node, node.parent
    while parent is not None:
        yield child, parent
        child, parent = parent, parent.parent


def is_within(node: Node, scope: Node) -> bool:
    """Return whether a node lies in another one."""
    return scope.start_byte <= node.start_byte and node.end_byte <= scope.end_byte
