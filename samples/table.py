"""Build every sample both ways, have its host's own tool accept it, ask it a request: `python -m samples.table`.

One row per sample: built by the local builder and by the docker builder, whether both gave the same bytes, the tool
that accepted the result, the answer to a request, the size against the host's limit, the audit. Exit status 1 if
anything in it says no. Wants npm and PyPI for the tools; they are kept between runs where PACKAGER_TEST_DOWNLOADS
names a folder. The checks themselves are in tests/support/acceptance.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.acceptance import ACCEPTANCE, Built, acceptance, build_sample

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = ("sample", "local builder", "docker builder", "same bytes", "accepted by", "answers", "size of limit", "audit")
NO = "NO: "


def main() -> int:
    """Print the table; 0 if no cell failed."""
    parser = argparse.ArgumentParser(prog="python -m samples.table", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ACCEPTANCE)}; default: all")
    parser.add_argument("--image", default="packager-test/node:22-bookworm", help="what the docker builder builds in")
    parser.add_argument("--no-docker", action="store_true", help="leave the docker builder out")
    words = parser.parse_args()
    if unknown := [name for name in words.names if name not in ACCEPTANCE]:
        parser.error(f"no sample {unknown[0]}, samples are: {', '.join(ACCEPTANCE)}")
    options = [] if words.no_docker else ["--builder", "docker", "--image", words.image]
    print(_line(HEAD))
    print(_line(["---"] * len(HEAD)))
    started, fine = time.monotonic(), True
    for name in words.names or ACCEPTANCE:
        with tempfile.TemporaryDirectory(prefix="packager-sample-") as folder:
            cells = row(name, Path(folder), options)
        fine = fine and not any(cell.startswith(NO) for cell in cells)
        print(_line(cells), flush=True)
    print(f"\n{'all passed' if fine else 'some FAILED'}, {time.monotonic() - started:.0f} s")
    return 0 if fine else 1


def row(name: str, scratch: Path, docker: list[str]) -> list[str]:
    """Return the cells of one sample; what fails says so with its first line, and the others are tried all the same."""
    for folder in ("host", "docker", "tools"):
        (scratch / folder).mkdir()
    built: dict[str, Built] = {}

    def build(builder: str, options: list[str]) -> str:
        built[builder] = build_sample(name, scratch / builder, *options)
        return proved(built[builder])

    host = _cell(lambda: build("host", ["--builder", "local"]))
    other = _cell(lambda: build("docker", docker)) if docker else "not asked"
    if "host" not in built:
        return [name, host, other, *["-"] * (len(HEAD) - 3)]
    made, judge = built["host"], acceptance(name)
    same = _cell(lambda: same_bytes(made, built["docker"])) if "docker" in built else "-"

    def accept() -> str:
        judge.accept(made, scratch / "tools")
        return judge.TOOL

    return [name, host, other, same, _cell(accept), _cell(lambda: judge.answer(made, scratch / "tools")),
            _cell(lambda: sizes(made)), _cell(lambda: audit(made))]  # fmt: skip


def proved(made: Built) -> str:
    """Return "proved" if every bundle was; AssertionError with the first that was not."""
    for bundle in made.document["bundles"]:
        status = bundle["proof"]["status"]
        assert status == "proved", f"{bundle['bundle']} {status}: {bundle['proof'].get('reason', '')}"
    return "proved"


def same_bytes(one: Built, other: Built) -> str:
    """Return how many zips are the same byte for byte; AssertionError with those that are not."""
    differ = sorted(path for path in {*one.zips, *other.zips} if one.zips.get(path) != other.zips.get(path))
    assert not differ, ", ".join(differ)
    return f"yes ({len(one.zips)} zip{'s' * (len(one.zips) > 1)})"


def sizes(made: Built) -> str:
    """Return the bundle nearest to its limit, as the host weighs it; AssertionError if it is beyond."""
    found = []
    for bundle in made.document["bundles"]:
        artifact, budget = bundle["artifact"], bundle["budget"]
        for measure in ("zipped", "unzipped"):
            if limit := budget[f"{measure}_bytes"]:
                found.append((artifact[f"{measure}_bytes"] / limit, bundle["bundle"], measure, limit))
    share, name, measure, limit = max(found)
    assert share <= 1, f"{name} is {share:.0%} of {limit:,} B {measure}"
    return f"{name}: {share * limit:,.0f} of {limit:,} B {measure} ({share:.0%})"


def audit(made: Built) -> str:
    """Return how many findings there are, by severity; AssertionError if one is an error."""
    severities = [finding["severity"] for bundle in made.document["bundles"] for finding in bundle["findings"]]
    counts = ", ".join(f"{severities.count(kind)} {kind}" for kind in sorted(set(severities)))
    assert "error" not in severities, counts
    return f"clean ({counts})" if counts else "clean"


def _cell(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except Exception as error:  # one sample's failure is a cell; the table goes on and ends with status 1
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return f"{NO}{(lines or [type(error).__name__])[0][:120]}"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


if __name__ == "__main__":
    sys.exit(main())
