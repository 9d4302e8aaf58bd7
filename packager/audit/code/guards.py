"""What happens where something that code asks for is not there: it fails, it may never be asked, or it is caught. Pure.

Read from where the question stands: a ``try`` around it, a ``.catch`` behind it, a branch it lies in, and, where it
stands in a function with a name, from where that function is called in the same file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.audit.code.syntax import FUNCTIONS, arguments, callee, source

if TYPE_CHECKING:
    from tree_sitter import Node

    from packager.audit.code.syntax import Parsed
    from packager.model.findings import Severity

RANK: dict[Severity, int] = {"note": 0, "warning": 1, "error": 2}
_SHORT = frozenset({"&&", "||", "??", "&&=", "||=", "??="})
_CATCHES = re.compile(r"^(?:try|optional|attempt|maybe|safe)", re.IGNORECASE)
_SETTING = re.compile(r"process\.env\b|\bNODE_ENV\b|require\.main\b|\bis_?(?:offline|local|dev|test)", re.IGNORECASE)
_DEEPEST = 3
"""Calls of calls that are followed."""
_MOST_USES = 30
"""A function that is called more often is not asked about."""


def milder(one: Severity, other: Severity) -> Severity:
    """Return the milder of two severities.

    >>> milder("error", "note"), milder("warning", "error")
    ('note', 'warning')
    """
    return min(one, other, key=RANK.__getitem__)


def weight(node: Node, parsed: Parsed, *, promised: bool, depth: int = 0) -> Severity:
    """Return what a failure of this expression costs: an error, a warning if in a branch, a note if it is caught.

    `promised` says that it fails by rejecting a promise, as `import()` does, which a ``.catch`` behind it sees.
    """
    level: Severity = "error"
    child, parent = node, node.parent
    while parent is not None:
        kind = parent.type
        if kind in FUNCTIONS:
            outer = _around(parent)
            if outer is None:
                return milder(level, _by_callers(parent, parsed, depth))
            if outer == "caught":
                return "note"
            if outer == "fallback":
                level = milder(level, "warning")
            promised = promised or outer in ("promise", "fallback") or _is_async(parent)
        elif kind == "call_expression":
            if promised and _is_caught(child):
                return "note"
        elif kind == "try_statement":
            if _same(child, parent.child_by_field_name("body")) and parent.child_by_field_name("handler") is not None:
                return "note"
            if _same(child, parent.child_by_field_name("handler")):
                level = milder(level, "warning")
        elif _is_branch(child, parent) or (kind in ("statement_block", "program") and _may_have_left(child, parent)):
            level = milder(level, "warning")
        child, parent = parent, parent.parent
    return level


def _is_branch(child: Node, parent: Node) -> bool:
    """Return whether a part of a statement or expression may be passed over."""
    if parent.type in ("if_statement", "ternary_expression"):
        return not _same(child, parent.child_by_field_name("condition"))
    if parent.type in ("switch_case", "switch_default"):
        return not _same(child, parent.child_by_field_name("value"))
    if parent.type in ("binary_expression", "augmented_assignment_expression"):
        operator = source(parent.child_by_field_name("operator"))
        return operator in _SHORT and _same(child, parent.child_by_field_name("right"))
    return False


def _may_have_left(child: Node, block: Node) -> bool:
    """Return whether a statement before this one leaves the block where a setting says so: ``if (!DEV) return``."""
    for statement in block.named_children:
        if statement.start_byte >= child.start_byte:
            return False
        if statement.type != "if_statement" or not _SETTING.search(source(statement.child_by_field_name("condition"))):
            continue
        then = statement.child_by_field_name("consequence")
        inside = then.named_children if then is not None and then.type == "statement_block" else [then]
        if any(each is not None and each.type == "return_statement" for each in inside):
            return True
    return False


def _is_caught(called: Node) -> bool:
    """Return whether a call is ``PROMISE.catch(…)`` or ``PROMISE.then(a, b)``, `called` being its function."""
    if called.type != "member_expression" or called.parent is None:
        return False
    name = source(called.child_by_field_name("property"))
    return name == "catch" or (name == "then" and len(arguments(called.parent)) > 1)


def _around(function: Node) -> str | None:
    """Return what runs a function on the spot: "call", "promise", "fallback", or "caught"; None where nothing does."""
    child, parent = function, function.parent
    while parent is not None and parent.type in ("parenthesized_expression", "await_expression"):
        child, parent = parent, parent.parent
    if parent is None:
        return None
    if parent.type == "call_expression" and _same(child, parent.child_by_field_name("function")):
        return "call"
    if parent.type == "member_expression" and source(parent.child_by_field_name("property")) in ("call", "apply"):
        return "call"
    call = parent.parent
    if parent.type != "arguments" or call is None or call.type != "call_expression":
        return None
    name = callee(call)[1]
    if name == "then":
        return "promise"
    if name == "catch":
        return "fallback"
    return "caught" if _CATCHES.match(name) else None


def _by_callers(function: Node, parsed: Parsed, depth: int) -> Severity:
    """Return the gravest of what the calls of a named function make of its failure; an error where one is not seen."""
    named = function.child_by_field_name("name")
    exported = function.parent is not None and function.parent.type == "export_statement"
    if function.type == "method_definition" or exported:
        return "error"
    if named is None and function.parent is not None and function.parent.type == "variable_declarator":
        named = function.parent.child_by_field_name("name")
    if named is None or named.type != "identifier" or depth >= _DEEPEST:
        return "error"
    uses = parsed.names.get(source(named), [])
    if len(uses) > _MOST_USES:
        return "error"
    found: Severity | None = None
    for use in uses:
        if _same(use, named):
            continue
        call = use.parent
        if call is None or call.type != "call_expression" or not _same(use, call.child_by_field_name("function")):
            return "error"
        one = weight(call, parsed, promised=_is_async(function), depth=depth + 1)
        if one == "error":
            return "error"
        found = one if found is None or RANK[one] > RANK[found] else found
    return found or "error"


def _is_async(function: Node) -> bool:
    return any(child.type == "async" for child in function.children)


def _same(one: Node, other: Node | None) -> bool:
    return other is not None and one.id == other.id
