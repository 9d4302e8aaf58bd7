"""``python -m tests.support.wheel_contents WHEEL``: fail unless a wheel holds the package and its data."""

from __future__ import annotations

import subprocess
import sys
import zipfile

BUNDLED = ("dockerfiles/", "lambda_layers/")
"""Folders of the checkout that the wheel has as packager/_bundled/…."""


def wanted() -> set[str]:
    """Return the names of the committed files a wheel should have."""
    folders = ["packager", *BUNDLED]
    listed = subprocess.run(["git", "ls-files", "-z", *folders], capture_output=True, text=True, check=True).stdout
    names = filter(None, listed.split("\0"))
    return {f"packager/_bundled/{name}" if name.startswith(BUNDLED) else name for name in names}


def main() -> int:
    """Tell what is missing or should not be there; return the exit code."""
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        there = {name for name in wheel.namelist() if ".dist-info/" not in name}
    missing, more = sorted(wanted() - there), sorted(there - wanted())
    for word, names in (("missing", missing), ("not committed", more)):
        for name in names:
            print(f"{word}: {name}")  # noqa: T201
    data = sorted({name.rpartition(".")[2] for name in there} - {"py"})
    print(f"{len(there)} files in the wheel; beside Python: {', '.join(data)}")  # noqa: T201
    return 1 if missing or more else 0


if __name__ == "__main__":
    sys.exit(main())
