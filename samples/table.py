"""Build every sample and print what came of it: `python samples/table.py [--builder host|docker] [--image NAME] [NAME ...]`.

For each bundle: whether it was built and proved, its size against the limit, and the findings of the audit. What the
hosts' own tools say of the samples is tested in tests/integration/test_hosts_*.py.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def main() -> int:
    """Print the table; 0 if every bundle of every sample is fine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--builder", action="append", choices=["host", "docker"], help="repeatable; default: host")
    parser.add_argument("--image", default="", help="what the docker builder builds in, in place of the target's own")
    words = parser.parse_args()
    names = words.names or sorted(path.parent.name for path in HERE.glob("*/package.json"))
    print("| sample | builder | bundle | for | zipped | limit | unzipped | errors | proof |")
    print("|---|---|---|---|---:|---:|---:|---:|---|")
    fine = True
    for name in names:
        for builder in words.builder or ["host"]:
            document = build(name, builder, words.image if builder == "docker" else "")
            fine = fine and bool(document["ok"])
            for row in rows(name, builder, document):
                print(f"| {' | '.join(row)} |", flush=True)
    return 0 if fine else 1


def build(name: str, builder: str, image: str) -> dict[str, Any]:
    """Return the document of one build, made in a copy of the sample."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / name
        shutil.copytree(HERE / name, folder, ignore=shutil.ignore_patterns("node_modules", "dist", ".serverless"))
        command = [sys.executable, "-m", "packager", "build", str(folder), "--builder", builder, "--json"]
        command += ["--image", image] if image else []
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        document: dict[str, Any] = json.loads(done.stdout or '{"ok": false, "error": {"message": "no answer"}}')
        return document


def rows(name: str, builder: str, document: dict[str, Any]) -> list[list[str]]:
    """Return a row per bundle; one with the error where there is none."""
    if "bundles" not in document:
        return [[name, builder, "", "", "", "", "", "", document["error"]["message"].splitlines()[0]]]
    found = []
    for bundle in document["bundles"]:
        artifact, budget = bundle["artifact"], bundle["budget"]
        limit = budget["zipped_bytes"] or budget["unzipped_bytes"] or 0
        errors = sum(finding["severity"] == "error" for finding in bundle["findings"])
        found.append(
            [
                name,
                builder,
                bundle["bundle"],
                f"{bundle['target']} {bundle['runtime']}",
                f"{artifact['zipped_bytes']:,}",
                f"{limit:,}",
                f"{artifact['unzipped_bytes']:,}",
                str(errors),
                bundle["proof"]["status"],
            ]
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
