# ruff: noqa: T201 - a command for people
"""Install, trim, load: ``python -m tests.bed`` prints a line per package. Takes minutes, npm and PyPI.

python -m tests.bed [--work DIR] [--level safe|strict] [GROUP …]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bed.compare import alone, differences, nothing_shown, outcomes, worked
from tests.bed.packages import NODE, PYTHON
from tests.bed.trees import install, size_of, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.model.plan import TrimLevel
    from packager.model.selection import Selection
    from packager.model.targets import Language

MB = 1_000_000


@dataclass(frozen=True)
class Row:
    """One package, whole and trimmed."""

    group: str
    package: str
    level: TrimLevel
    before: int
    """Bytes of its own folder."""
    after: int
    names: int
    """How many names it was loaded by."""
    worked: int
    """How many of them loaded before; the others must fail alike."""
    broken: tuple[str, ...]


def rows(work: Path, groups: list[str], levels: list[TrimLevel]) -> Iterator[Row]:
    """Yield a row per package and level."""
    languages: dict[Language, dict[str, tuple[str, ...]]] = {"nodejs": NODE, "python": PYTHON}
    for language, bed in languages.items():
        for group, wanted in bed.items():
            if groups and group not in groups:
                continue
            whole = install(work / group, language, wanted)
            trees = {level: trimmed(whole, language, level) for level in levels}
            names = [_name(text) for text in wanted] if language == "nodejs" else _tops(whole)
            for name in names:
                before = _remembered(work, whole, language, name)
                folder = f"node_modules/{name}/" if language == "nodejs" else f"{name}/"
                for level, (tree, selection) in trees.items():
                    after = outcomes(tree, language, name, list(before))
                    sizes = size_of(selection, folder)
                    left_out = _left_out(selection)
                    broken: dict[str, str] = {}
                    for suspect in differences(before, after, left_out):
                        broken.update(differences(*alone(whole, tree, language, name, suspect), left_out))
                    lines = [f"{what}: {answers}" for what, answers in broken.items()]
                    if silent := nothing_shown(before):
                        lines.append(silent)
                    yield Row(group, name, level, *sizes, len(before), worked(before), tuple(lines))


def _name(wanted: str) -> str:
    """Return the folder of ``name@version`` or ``alias@npm:name@version``."""
    return "@" + wanted[1:].partition("@")[0] if wanted.startswith("@") else wanted.partition("@")[0]


def _tops(folder: Path) -> list[str]:
    """Return the importable names directly in a folder of installed packages."""
    return sorted(path.name for path in folder.iterdir() if (path / "__init__.py").is_file())


def _left_out(selection: Selection) -> frozenset[str]:
    """Return what goes because it is for others, whatever names it."""
    rules = ("twin", "engine:", "platform")
    return frozenset(choice.file.path for choice in selection.dropped if choice.rule.startswith(rules))


def _remembered(work: Path, tree: Path, language: Language, name: str) -> dict[str, str]:
    """Return the outcomes of the whole tree, which stay what they are, as far as two runs agree on them.

    Where nothing loads, that is not remembered: the next run may have another Node.
    """
    path = work / "outcomes" / tree.name / f"{name.replace('/', '+')}.json"
    if path.exists():
        return dict(json.loads(path.read_text()))
    found = outcomes(tree, language, name)
    if nothing_shown(found):
        return found
    again = outcomes(tree, language, name, list(found))
    # What differs between two runs of one tree (times, random numbers) says nothing about the other tree.
    found = {key: what for key, what in found.items() if again.get(key) == what}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    return found


def main() -> int:
    """Run the bed and print it; 1 if anything broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.bed", description=__doc__)
    parser.add_argument("groups", nargs="*", help=f"of {', '.join([*NODE, *PYTHON])}; all by default")
    parser.add_argument("--work", type=Path, help="folder to install into and to come back to")
    parser.add_argument("--level", action="append", choices=["safe", "strict"], help="both by default")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="packager-bed-"))
    broken = total = before = after = 0
    print(f"{'package':32} {'level':6} {'before':>9} {'after':>9} {'names':>6} {'load':>6}  ok")
    for row in rows(work, options.groups, options.level or ["safe", "strict"]):
        total, before, after = total + 1, before + row.before, after + row.after
        broken += bool(row.broken)
        print(
            f"{row.package:32} {row.level:6} {row.before / MB:6.2f} MB {row.after / MB:6.2f} MB"
            f" {row.names:6} {row.worked:6}  {'NO' if row.broken else 'yes'}",
            *(f"    {line}" for line in row.broken[:10]),
            sep="\n",
            flush=True,
        )
    print(f"{total} rows, {broken} broken; {before / MB:.1f} MB before, {after / MB:.1f} MB after")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
