"""The era matrix: every generation of Prisma generated, built for Lambda, audited, and proved by a query.

    python -m tests.eras [--only NAME] [--keep FOLDER]

Needs the npm registry, PostgreSQL's server (Debian's package) and, for the one real native engine, a Docker engine with
the image packager-test/node:20-bullseye. Prints one table; exits 1 if a row is not what it should be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.eras.matrix import HEADINGS, run_era, table
from tests.eras.projects import ERAS


def main() -> int:
    """Run the rows asked for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.eras", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="run eras whose name contains this")
    parser.add_argument("--keep", type=Path, help="folder to leave projects and archives in")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="packager-eras-") as scratch:
        for era in ERAS:
            if options.only.lower() in era.name.lower():
                sys.stderr.write(f"{era.name} …\n")
                rows.append(run_era(era, options.keep or Path(scratch)))
                sys.stderr.write(f"| {' | '.join(rows[-1].cells)} |\n")
                for problem in rows[-1].problems:
                    sys.stderr.write(f"{era.name}: {problem}\n")
    sys.stdout.write(table(HEADINGS, [row.cells for row in rows]) + "\n")
    return 1 if any(row.problems for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
