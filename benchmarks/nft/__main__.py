"""``python -m benchmarks.nft CHECKOUT``: the integration scripts of vercel/nft, traced by packager and by nft itself.

Each script is run in the full tree; what does so is made a function with ``trim: trace``, proved, unpacked and really
run, and run from the files of nft's own default trace. All of that once with the options that AWS Lambda's nodejs24.x
gives Node, and once with plain Node 24. CHECKOUT is brought by hand: git clone https://github.com/vercel/nft, then
`npm install --ignore-scripts` and `npm run build` in it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.nft.checkout import NFT, NoCheckout, commit_of, copied, lay_out, scripts_of
from benchmarks.nft.packing import SETTINGS, VERSION, Packing, Weight, verdict_of, weight_of
from benchmarks.nft.report import Row, document, table, totals
from benchmarks.nft.running import Ran, run, telling
from packager.core.errors import PackagerError
from packager.prove.running.unpack import clean_root
from packager.toolchains.node import find_node

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.nft.checkout import Script

_TRACE = Path(__file__).parent / "trace.cjs"


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, print; exit code 1 for a false yes, fewer scripts than nft's trace runs, or more bytes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nft", description=__doc__)
    parser.add_argument("checkout", type=Path, help="folder of a checkout of vercel/nft, built")
    parser.add_argument("--case", default="", metavar="NAME", help="only this script: express, express.js")
    parser.add_argument("--way", choices=tuple(SETTINGS), help="only with these options of Node; default: both")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    words = parser.parse_args(arguments)
    ways = (words.way,) if words.way else tuple(SETTINGS)
    checkout = words.checkout.resolve()
    try:
        rows = [*compared(checkout, scripts_of(checkout, words.case), ways)]
    except NoCheckout as error:
        parser.error(str(error))
    text = json.dumps(document(rows, commit_of(checkout)), indent=1) if words.json else "\n".join(table(rows))
    print(text)
    sys.exit(0 if all(total.ok for total in totals(rows)) else 1)


def compared(checkout: Path, scripts: Sequence[Script], ways: Sequence[str]) -> Iterator[Row]:
    """Yield a row for each script and way. Raises NoCheckout."""
    with tempfile.TemporaryDirectory(prefix="packager-nft-") as folder:
        scratch = Path(folder).resolve()
        scratch.chmod(0o755)  # scripts are run as the proof's user, too
        project = scratch / "project"
        lay_out(checkout, project)
        packing = Packing(project, scripts, scratch)
        comparison = _Comparison(find_node(VERSION).bin_dir / "node", project, packing, scratch)
        for script in scripts:
            for way in ways:
                row = comparison.row(script, way)
                print(f"{script.file}, {way}: {_progress(row)}", file=sys.stderr, flush=True)
                yield row


class _Comparison:
    """One project under one Node. What nft traces of a script is asked for once: it does not depend on the options."""

    def __init__(self, node: Path, project: Path, packing: Packing, scratch: Path) -> None:
        self._node = node
        self._project = project
        self._packing = packing
        self._scratch = scratch
        self._traces: dict[str, list[str] | str] = {}

    def row(self, script: Script, way: str) -> Row:
        """Return how one script fares, started in one way."""
        if script.apart:
            return Row(script.file, way, not_run=script.apart)
        flags = self._packing.flags(script, way)
        truth = run(self._node, flags, self._project, script.path)
        if truth.exit_code != script.expected:
            return Row(script.file, way, not_run=f"it fails in the full tree, too: {truth.said}")
        proved, why, trace, weight = self._packed(script, way, flags)
        theirs, their_size = self._traced(script, flags)
        return Row(
            script=script.file,
            way=way,
            fails=script.expected != 0,
            proved=proved,
            why=why,
            trace_runs=trace.exit_code == script.expected,
            trace_said=trace.said,
            nft_runs=theirs.exit_code == script.expected,
            nft_said=theirs.said,
            trace_bytes=weight.all_bytes,
            licence_bytes=weight.licence_bytes,
            nft_bytes=their_size,
        )

    def _packed(self, script: Script, way: str, flags: Sequence[str]) -> tuple[bool, str, Ran, Weight]:
        """Return packager's word and why, how the script ends in its archive, and what that weighs."""
        try:
            result = self._packing.make(script, way)
        except PackagerError as error:
            said = " ".join(str(error).split())[:200]
            return False, said, Ran(None, said), Weight()
        proved, why = verdict_of(result)
        with clean_root(result.artifact.path, ()) as root:
            ran = run(self._node, flags, root.task, script.path)
        result.artifact.path.unlink()
        return proved, why, ran, weight_of(result)

    def _traced(self, script: Script, flags: Sequence[str]) -> tuple[Ran, int]:
        """Return how the script ends among the files of nft's own trace, and their bytes."""
        if script.file not in self._traces:
            self._traces[script.file] = self._trace(script)
        files = self._traces[script.file]
        if isinstance(files, str):
            return Ran(None, files), 0
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix="nft-") as folder:
            size = copied(self._project, files, Path(folder))
            return run(self._node, flags, Path(folder), script.path), size

    def _trace(self, script: Script) -> list[str] | str:
        """Return the files of nft's own trace, or its complaint."""
        project = self._project
        command = (str(self._node), str(_TRACE), str(project / NFT), str(project), str(project / script.path))
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            return telling(done.stderr)
        return [str(path) for path in json.loads(done.stdout)]


def _progress(row: Row) -> str:
    if row.not_run:
        return f"not run: {row.not_run}"
    says = "FALSE YES" if row.false_yes else "proved" if row.proved else f"no ({row.why})"
    ours, theirs = ("runs" if runs else "does not run" for runs in (row.trace_runs, row.nft_runs))
    return f"{says}; packager's {ours}, {row.trace_bytes:,} bytes; nft's {theirs}, {row.nft_bytes:,} bytes"


if __name__ == "__main__":
    main()
