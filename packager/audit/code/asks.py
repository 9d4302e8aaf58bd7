"""What a file of the project's own asks for by names written out: modules, and files that it reads. Pure.

Names that are put together at run time are none of this: they are for the tracer and the proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from packager.audit.code.guards import weight
from packager.audit.code.syntax import FUNCTIONS, Parsed, arguments, callee, is_within, literal, parents, source
from packager.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from packager.audit.code.syntax import Dialect
    from packager.model.findings import Severity

_WORTH_PARSING = re.compile(r"\b(?:require|import|export|createRequire|readFile|open|createReadStream|readdir)")
_JOINED = re.compile(
    r"__webpack_require__|__webpack_modules__|__nccwpck_require__|\bparcelRequire|\b__commonJS\s*=|\b__esm\s*="
    r"|\bcommonjsGlobal\b|\bgetDefaultExportFromCjs\b|^// (?:\.\./)*node_modules/",
    re.MULTILINE,
)
_LONGEST_LINE = 20_000
_LARGEST = 8 << 20
_LARGEST_JOINED = 2 << 20
"""Characters. Reading a million takes half a second."""
_READS = frozenset({"readFile", "readFileSync", "createReadStream", "readdir", "readdirSync", "open", "openSync"})
_CHANGES_RESOLUTION = re.compile(
    r"\b_resolveFilename\b|\b_initPaths\b|\b_nodeModulePaths\b|\bregisterHooks\b|\bModule\._load\b|\bModule\._extensions\b"
    r"|\bmodule\.register\(|\bglobal(?:This)?(?:\.require\b|\[\s*['\"]require)"
)


@dataclass(frozen=True)
class Ask:
    """One name that code asks for."""

    kind: Literal["require", "import", "static", "read"]
    """`require` and `require.resolve`, ``import()``, an import or export statement, a file that is read."""
    name: str
    """As written; of a file that is read, its path from the folder of the code: ``../data/a.txt``."""
    line: int
    weight: Severity
    """What it costs if it is not there: an error, a warning where it stands in a branch, a note where it is caught."""
    with_attributes: bool = False
    """Whether an import says of what type the file is: ``with { type: "json" }``."""
    of_commonjs: bool = False
    """Whether it is asked for by the `require` that CommonJS modules are given, not by one that the file has made."""


@dataclass(frozen=True)
class Asked:
    """All that one file asks for."""

    asks: tuple[Ask, ...] = ()
    joined: bool = False
    """Whether it is the work of a bundler: the code of packages is in it, which asks for more than it needs."""
    hooked: bool = False
    """Whether it changes how modules are found."""
    unread: str = ""
    """Why it was not read; empty where it was."""


@lru_cache(maxsize=512)
def asked(text: str, dialect: Dialect) -> Asked:
    """Return what a file asks for, in the order of its lines."""
    if len(text) > _LARGEST:
        return Asked(unread=f"it is larger than {format_size(_LARGEST)}")
    if not _WORTH_PARSING.search(text):
        return Asked()
    joined = _JOINED.search(text) is not None or any(len(line) > _LONGEST_LINE for line in text.splitlines())
    if joined and len(text) > _LARGEST_JOINED:
        return Asked(joined=True, unread=f"a bundler has joined more than {format_size(_LARGEST_JOINED)} in it")
    parsed = Parsed(text, dialect)
    names = _Names(parsed)
    found = [*_modules(parsed, dialect), *_calls(parsed, names), *_reads(parsed)]
    ordered = tuple(sorted(dict.fromkeys(found), key=lambda ask: (ask.line, ask.name)))
    return Asked(ordered, joined, _CHANGES_RESOLUTION.search(text) is not None)


def _line(node: Node) -> int:
    return node.start_point[0] + 1


class _Names:
    """What `require` and its like mean where they are called."""

    def __init__(self, parsed: Parsed) -> None:
        self._shadows: list[Node] = []
        """Scopes in which `require` is something else."""
        self.created: set[str] = set()
        """Names of what `createRequire` has made for this very file."""
        self._made = False
        """Whether `require` itself is such a name."""
        for node in parsed.names.get("require", []):
            scope = _declared_in(node)
            if scope is not None:
                self._shadows.append(scope)
        for call in parsed.calls:
            if callee(call)[1] != "createRequire":
                continue
            holder = call.parent
            if holder is None or holder.type != "variable_declarator":
                continue
            if not _is_of_this_file(arguments(call)):
                continue
            name = source(holder.child_by_field_name("name"))
            self._made = self._made or name == "require"
            if name != "require":
                self.created.add(name)

    def is_given(self, call: Node) -> bool:
        """Return whether a call that asks is one of the `require` that Node gives a CommonJS module."""
        return not self._made and callee(call) in (("", "require"), ("require", "resolve"))

    def asks(self, call: Node) -> bool:
        """Return whether a call is one of Node's own `require`, by whatever name."""
        holder, name = callee(call)
        if holder == "" and name == "":
            called = call.child_by_field_name("function")
            inner = called is not None and called.type == "call_expression"
            return (
                inner
                and called is not None
                and callee(called)[1] == "createRequire"
                and _is_of_this_file(arguments(called))
            )
        if (holder, name) == ("module", "require"):
            return True
        word = holder if name == "resolve" else name if holder == "" else ""
        if name == "resolve" and len(arguments(call)) > 1:
            return False
        if word in self.created:
            return True
        return word == "require" and not any(is_within(call, scope) for scope in self._shadows)


def _is_of_this_file(given: list[Node]) -> bool:
    return len(given) == 1 and source(given[0]) in ("import.meta.url", "__filename", "import.meta.filename")


def _declared_in(name: Node) -> Node | None:
    """Return the scope in which this mention declares the name as something of its own; None where it only uses it."""
    holder = name.parent
    if holder is None:
        return None
    if holder.type == "variable_declarator" and _is(name, holder, "name"):
        value = holder.child_by_field_name("value")
        if value is not None and value.type == "call_expression" and callee(value)[1] == "createRequire":
            return None if _is_of_this_file(arguments(value)) else _block(name)
        return _block(name)
    if holder.type in ("function_declaration", "import_specifier", "import_clause", "namespace_import"):
        return _block(holder)
    for child, parent in parents(name):
        if parent.type in FUNCTIONS and parent.type != "class_static_block":
            plain = parent.child_by_field_name("parameter")
            listed = parent.child_by_field_name("parameters")
            return parent if any(each is not None and each.id == child.id for each in (plain, listed)) else None
        if parent.type not in (
            "formal_parameters",
            "required_parameter",
            "optional_parameter",
            "assignment_pattern",
            "object_pattern",
            "pair_pattern",
            "array_pattern",
            "rest_pattern",
        ):
            return None
    return None


def _is(node: Node, holder: Node, field: str) -> bool:
    other = holder.child_by_field_name(field)
    return other is not None and other.id == node.id


def _block(node: Node) -> Node | None:
    for _, parent in parents(node):
        if parent.type in ("statement_block", "program"):
            return parent
    return None


def _modules(parsed: Parsed, dialect: Dialect) -> Iterator[Ask]:
    """Yield import and export statements: they are loaded with their file, whatever stands around them."""
    for node in parsed.modules:
        name = literal(node.child_by_field_name("source"))
        if name is None:
            # TypeScript's `import x = require("y")` is a statement of another shape.
            name = _import_equals(node) if dialect != "javascript" else None
            if name is not None:
                yield Ask("require", name, _line(node), "error")
            continue
        if dialect == "javascript" or not _may_be_types(node):
            attributes = any(child.type == "import_attribute" for child in node.named_children)
            yield Ask("static", name, _line(node), "error", with_attributes=attributes)


def _import_equals(node: Node) -> str | None:
    for child in node.named_children:
        if child.type == "import_require_clause":
            return literal(child.child_by_field_name("source"))
    return None


def _may_be_types(node: Node) -> bool:
    """Return whether a statement of TypeScript may leave nothing behind: types are gone when it is compiled."""
    if any(child.type == "type" for child in node.children):
        return True
    return node.type == "export_statement" or any(child.type == "import_clause" for child in node.named_children)


def _calls(parsed: Parsed, names: _Names) -> Iterator[Ask]:
    for call in parsed.calls:
        given = arguments(call)
        name = literal(given[0]) if given else None
        if not name:
            continue
        if callee(call) == ("", "import"):
            found = weight(call, parsed, promised=True)
            yield Ask("import", name, _line(call), found, with_attributes=len(given) > 1)
        elif names.asks(call):
            level = weight(call, parsed, promised=False)
            yield Ask("require", name, _line(call), level, of_commonjs=names.is_given(call))


def _reads(parsed: Parsed) -> Iterator[Ask]:
    for call in parsed.calls:
        if callee(call)[1] not in _READS:
            continue
        given = arguments(call)
        if not given or any(_writes(each) for each in given[1:]):
            continue
        path = _path(given[0], parsed)
        if path:
            found = weight(call, parsed, promised=True)
            yield Ask("read", path, _line(call), "note" if found == "note" else "warning")


def _writes(node: Node) -> bool:
    """Return whether a file is opened to be written: ``"w"``, ``{flag: "a+"}``."""
    flags = literal(node) or ""
    return re.fullmatch(r"(?:[wa][sx+]*|r\+)", flags) is not None or "flag" in source(node)


def _path(node: Node, parsed: Parsed, depth: int = 0) -> str | None:
    """Return the path that an expression means, from the folder of its file; None for one that is not written out."""
    if node.type == "identifier" and depth == 0:
        values = [
            holder.child_by_field_name("value")
            for each in parsed.names.get(source(node), [])
            if (holder := each.parent) is not None
            and holder.type == "variable_declarator"
            and _is(each, holder, "name")
        ]
        return _path(values[0], parsed, 1) if len(values) == 1 and values[0] is not None else None
    if node.type == "binary_expression" and source(node.child_by_field_name("operator")) == "+":
        left, right = node.child_by_field_name("left"), literal(node.child_by_field_name("right"))
        starts = source(left) in _HERE and right is not None and right.startswith("/")
        return f".{right}" if starts else None
    if node.type == "template_string":
        parts = node.named_children
        if len(parts) == 2 and parts[0].type == "template_substitution" and source(parts[0])[2:-1] in _HERE:
            rest = source(parts[1])
            return f".{rest}" if rest.startswith("/") and parts[1].type == "string_fragment" else None
        return None
    given = arguments(node) if node.type in ("call_expression", "new_expression") else []
    if node.type == "call_expression" and callee(node)[1] in ("join", "resolve") and len(given) > 1:
        parts_given = [literal(each) for each in given[1:]]
        if source(given[0]) in _HERE and all(parts_given):
            joined = "/".join(part or "" for part in parts_given)
            return None if joined.startswith("/") and callee(node)[1] == "resolve" else f"./{joined}"
        return None
    if node.type == "call_expression" and callee(node)[1] == "fileURLToPath" and len(given) == 1:
        return _path(given[0], parsed, depth)
    if node.type == "new_expression" and source(node.child_by_field_name("constructor")) == "URL" and len(given) == 2:
        name = literal(given[0])
        beside = name is not None and name.startswith(("./", "../")) and source(given[1]) == "import.meta.url"
        return name.partition("?")[0] if beside and name is not None else None
    return None


_HERE = ("__dirname", "import.meta.dirname")
