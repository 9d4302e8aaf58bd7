"""Every message, fix, note and help text of a tree of sources, as a reader of the code finds them: nothing is run."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("msg", "message", "fix", "why", "reason", "note", "detail")
"""Variables and keywords that hold what people read."""
WORDS = (*NAMES, "help", "meaning", "cause")
CALLS = ("Finding", "Check", "skipped", "CannotProve", "Fault")
"""What takes such a text as a positional argument."""
SHORTEST = 8
"""Letters below which a text is a name or a part of one."""


@dataclass(frozen=True)
class Text:
    """One text with ``{…}`` for what is filled in."""

    line: int
    kind: str
    """Where it is given: ``msg``, ``fix``, ``help``, ``Finding``, …"""
    text: str


def texts(source: str) -> Iterator[Text]:
    """Yield the texts of one Python source, each once, in the order of the lines."""
    found = {(text.line, text.text): text for text in _texts(ast.parse(source))}
    yield from sorted(found.values(), key=lambda text: (text.line, text.text))


def _texts(tree: ast.Module) -> Iterator[Text]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id in NAMES:
                    yield from _literals(node.value, target.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id in NAMES:
            yield from _literals(node.value, "more")
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            for keyword in node.keywords:
                if keyword.arg in WORDS:
                    yield from _literals(keyword.value, keyword.arg)
            if name in CALLS or name.endswith(("Error", "Fault")):
                for argument in node.args:
                    yield from _literals(argument, name)
            if name in ("append", "extend") and ast.unparse(node.func).endswith(("notes.append", "notes.extend")):
                for argument in node.args:
                    yield from _literals(argument, "note")


def _literals(node: ast.expr, kind: str) -> Iterator[Text]:
    """Yield the texts an expression may be."""
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body, kind)
        yield from _literals(node.orelse, kind)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _literals(value, kind)
    else:
        text = template(node)
        if text is not None and sum(map(str.isalpha, text)) >= SHORTEST and " " in text.strip():
            yield Text(node.lineno, kind, text)


def template(node: ast.expr) -> str | None:
    """Return the text of a literal with ``{…}`` for what is filled in; None for any other expression.

    >>> template(ast.parse('f"{path}: not found" + more', mode="eval").body)
    '{…}: not found{…}'
    """
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{…}" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = template(node.left), template(node.right)
        if left is not None or right is not None:
            return (left if left is not None else "{…}") + (right if right is not None else "{…}")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return template(node.func.value)
    return None
