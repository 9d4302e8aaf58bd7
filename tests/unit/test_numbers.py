"""Numbers in messages are written by `packager.core.units` alone: all are rounded alike."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import packager

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(packager.__file__).parent
THE_ONE = "core/units.py"
ALONE = ("prove/loaders/",)
"""Runs in the function's own process, where nothing of ours can be imported."""
OTHERS = {
    "archive/fastpath/codec.py": "the codec's name is a key of the cache and stands in manifests",
}
"""File → why its numbers are no message."""
_ROUNDED = re.compile(r"[,%]|\.(\d|\{)")
"""Of a format specification: separators of thousands, percent, digits behind the point."""
_UNIT = re.compile(r"\s?(bytes?|[KMGT]i?B|s|sec|seconds?|%)(?![\w=(])")


def written(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of each number that an f-string, %-format or format() rounds or gives a unit by itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = ast.unparse(node.func)
            if function == "format" and len(node.args) == 2 and _ROUNDED.search(ast.unparse(node.args[1])):
                yield node.lineno, ast.unparse(node)
            if function.endswith(".format") and re.search(r"\{\w*:[^}]*(,|%|\.\d)[^}]*\}", ast.unparse(node.func)):
                yield node.lineno, ast.unparse(node)
        if isinstance(node, ast.BinOp) and _is_percent_format(node):
            yield node.lineno, ast.unparse(node)
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, after in zip(node.values, [*node.values[1:], None], strict=True):
            if not isinstance(value, ast.FormattedValue) or _is_text(value):
                continue
            spec = ast.unparse(value.format_spec) if value.format_spec else ""
            behind = str(after.value) if isinstance(after, ast.Constant) else ""
            if _ROUNDED.search(spec) or _UNIT.match(behind):
                yield value.lineno, ast.unparse(value) + behind[:20]


def _is_percent_format(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.Mod) and re.search(r"%[\d.,]*[fge]", ast.unparse(node)) is not None


def _is_text(value: ast.FormattedValue) -> bool:
    """Return whether what is shown is a constant's name in a pattern or a word before a plural's "s"."""
    return isinstance(value.value, ast.Name) and value.value.id in ("noun", "ROW_BYTES", "member_kind")


def files() -> Iterator[str]:
    """Yield every module that must ask `packager.core.units`."""
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name != THE_ONE and not name.startswith(ALONE) and name not in OTHERS:
            yield name


def test_numbers_are_written_in_one_place() -> None:
    found = [
        f"packager/{name}:{line}: {text}"
        for name in files()
        for line, text in written(ast.parse((ROOT / name).read_text(encoding="utf-8")))
    ]

    assert found == []


def test_what_is_excepted_still_needs_it() -> None:
    assert [name for name in OTHERS if not list(written(ast.parse((ROOT / name).read_text(encoding="utf-8"))))] == []


@pytest.mark.parametrize(
    "code",
    [
        'f"{size:,} bytes"',
        'f"{size} bytes"',
        'f"{size / 1024:.1f} KB"',
        'f"{size >> 20} MB"',
        'f"{spent:.2f}"',
        'f"{spent} s"',
        'f"{part / whole:.0%}"',
        'f"{value:.{digits}f}"',
        '"{:.1f}".format(spent)',
        '"%.1f" % spent',
        'format(spent, ".1f")',
    ],
)
def test_each_way_to_write_a_number_is_found(code: str) -> None:
    assert list(written(ast.parse(code)))


@pytest.mark.parametrize("code", ['f"{name:<8} {count}"', 'f"{noun}s"', 'f"{address:#x}"', 'f"{folder} start"'])
def test_other_texts_are_not(code: str) -> None:
    assert not list(written(ast.parse(code)))
