"""A look at the handler's source, never run: where is the client made, and is it thrown away on every call? Pure."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Literal

_MAKES = re.compile(
    r"\bnew\s+(?P<new>PrismaClient|Pool|Client|pg\.Pool|pg\.Client|sql\.ConnectionPool|Sequelize|DataSource)\s*\("
    r"|\b(?P<call>createPool|createConnection|createClient|postgres|knex)\s*\("
)
_ENDS = re.compile(r"\.\s*(?P<what>\$disconnect|end|destroy|close)\s*\(")
_PYTHON_MAKES = {"connect", "create_engine", "ConnectionPool", "AsyncConnectionPool", "SimpleConnectionPool"}
_PYTHON_ENDS = {"close", "dispose", "closeall"}
_NOT_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|`(?:\\.|[^`\\])*`", re.DOTALL)
_PARALLEL = re.compile(r"\bPromise\s*\.\s*(all|allSettled)\s*\(|\basyncio\s*\.\s*gather\s*\(")


@dataclass(frozen=True)
class ConnectionUse:
    """Something seen inside a handler."""

    kind: Literal["made", "ended"]
    what: str
    line: int


def look(path: str, text: str, export: str) -> tuple[ConnectionUse, ...]:
    """Return what is made and ended inside the handler of that name, in the order of the lines."""
    return _look_python(text, export) if path.endswith(".py") else _look_javascript(text, export)


def runs_in_parallel(text: str) -> bool:
    """Return whether queries may run side by side in one call: then a pool of more than one has a use."""
    return _PARALLEL.search(text) is not None


def _look_javascript(text: str, export: str) -> tuple[ConnectionUse, ...]:
    code = blanked(text)
    start = re.search(
        rf"\bexports\s*\.\s*{re.escape(export)}\s*=|\bexport\s+(?:const|let|var|async\s+function|function)\s+"
        rf"{re.escape(export)}\b|\b(?:async\s+)?function\s+{re.escape(export)}\s*\(|\bconst\s+{re.escape(export)}\s*=",
        code,
    )
    if start is None:
        return ()
    begin, end = _body(code, start.end())
    clients = _client_names(code)
    seen = []
    for found in _MAKES.finditer(code, begin, end):
        seen.append(ConnectionUse("made", found["new"] or found["call"], _line(code, found.start())))
    for found in _ENDS.finditer(code, begin, end):
        receiver = re.search(r"([\w$]+)\s*$", code[: found.start()])
        if found["what"] == "$disconnect" or (receiver is not None and receiver[1] in clients):
            seen.append(ConnectionUse("ended", found["what"], _line(code, found.start())))
    return tuple(sorted(seen, key=lambda sight: sight.line))


def _body(code: str, position: int) -> tuple[int, int]:
    """Return the span of the first balanced block behind a position that is a function's body."""
    arrow = code.find("=>", position)
    depth, begin = 0, position
    # Parameters may hold braces ({ a }) => …: the body begins behind the closing parenthesis.
    opening = code.find("(", position)
    if opening >= 0 and (arrow < 0 or opening < arrow):
        for index in range(opening, len(code)):
            depth += {"(": 1, ")": -1}.get(code[index], 0)
            if depth == 0:
                begin = index
                break
    brace = code.find("{", begin)
    arrow = code.find("=>", begin)
    if arrow >= 0 and (brace < 0 or arrow < brace) and not code[arrow + 2 :].lstrip().startswith("{"):
        return _expression(code, arrow + 2)
    if brace < 0:
        return begin, len(code)
    depth = 0
    for index in range(brace, len(code)):
        depth += {"{": 1, "}": -1}.get(code[index], 0)
        if depth == 0:
            return brace, index
    return brace, len(code)


def _expression(code: str, begin: int) -> tuple[int, int]:
    """Return the span of an arrow function's body without braces: to the end of the statement."""
    depth = 0
    for index in range(begin, len(code)):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(code[index], 0)
        ends = code[index] == ";" or (code[index] == "\n" and code[begin:index].strip() != "")
        if depth < 0 or (depth == 0 and ends):
            return begin, index
    return begin, len(code)


def _client_names(code: str) -> set[str]:
    """Return the variables that hold a client, wherever it was made."""
    assigned = re.compile(rf"([\w$]+)\s*(?:\?\?)?=\s*(?:await\s+)?(?:{_MAKES.pattern})")
    return {found[1] for found in assigned.finditer(code)}


def blanked(text: str) -> str:
    """Return JavaScript with comments and the insides of strings as spaces, every line where it was.

    >>> blanked("a // new Pool()\\nb('new Pool(')")
    "a              \\nb('         ')"
    """

    def blank(found: re.Match[str]) -> str:
        word = found[0]
        if word[0] in "'\"`" and len(word) > 1:
            return word[0] + re.sub(r"[^\n]", " ", word[1:-1]) + word[-1]
        return re.sub(r"[^\n]", " ", word)

    return _NOT_CODE.sub(blank, text)


def _line(code: str, position: int) -> int:
    return code.count("\n", 0, position) + 1


def _look_python(text: str, export: str) -> tuple[ConnectionUse, ...]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other people's code: invalid escapes and the like
            module = ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        # Another Python's syntax, or what no parser takes: the proof says so, not this look. Before Python 3.12 a null
        # byte is a ValueError; the other two are how `ast.parse` says "nested too deeply".
        return ()
    seen = []
    for function in ast.walk(module):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and function.name == export:
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    name = _called(node.func)
                    if name in _PYTHON_MAKES:
                        seen.append(ConnectionUse("made", name, node.lineno))
                    elif name in _PYTHON_ENDS and isinstance(node.func, ast.Attribute):
                        seen.append(ConnectionUse("ended", name, node.lineno))
    made = any(sight.kind == "made" for sight in seen)
    # `close` is a word of files and cursors, too: it counts where a connection is made in the same call.
    return tuple(sorted((s for s in seen if s.kind == "made" or made), key=lambda sight: sight.line))


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
