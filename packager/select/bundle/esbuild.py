"""Running esbuild: a Node child, JSON in and JSON out, files in scratch."""

from __future__ import annotations

import json
import posixpath
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packager.core.errors import GeneratorFault
from packager.core.units import format_timeout
from packager.model.tracing import Bundled
from packager.toolchains.npm_tools import NpmTools, run_script

if TYPE_CHECKING:
    from packager.model.contents import Contents
    from packager.model.tracing import BundleQuestion

LOCK = Path(__file__).parent / "esbuild-lock.json"
_SCRIPT = Path(__file__).parent / "bundle.cjs"
_LOWEST_NODE = 18
"""What esbuild 0.28 itself runs on."""
_TIMEOUT_SECONDS = 600.0
_COMPILED = {".ts": ".js", ".tsx": ".js", ".mts": ".mjs", ".cts": ".cjs"}


@dataclass(frozen=True)
class EsbuildBundler:
    """esbuild, fetched by npm the first time."""

    tools: NpmTools

    def __call__(self, question: BundleQuestion, contents: Contents) -> Bundled:
        """Return one file per entry, under the name the host looks for.

        The same bytes in any folder: esbuild works relative to the root, and what it writes names no path outside it.
        """
        major = question.target.language_version
        node = self.tools.node(major, _LOWEST_NODE)
        tool = self.tools.folder("esbuild", LOCK, node)
        real = contents.root.resolve()
        entries = [
            {"entry": entry, "output": output_of(entry), "format": module_format(real, entry)}
            for entry in question.entries
        ]
        where = f"bundles.{question.name}.trim"
        with tempfile.TemporaryDirectory(prefix="packager-esbuild-") as folder:
            out = Path(folder).resolve()
            request = {
                "root": str(real),
                "out": str(out),
                "target": f"node{major}",
                "conditions": ["node-addons", *(["module-sync"] if question.require_esm else [])],
                "external": sorted(question.external),
                "files": sorted(question.files),
                "plain": question.plain,
                "entries": entries,
            }
            try:
                done = run_script(_SCRIPT, tool, node, request, real, _TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired as error:
                msg = f"esbuild did not end within {format_timeout(_TIMEOUT_SECONDS)}"
                raise GeneratorFault(msg, where=where, fix="choose trim: trace") from error
            answer: dict[str, Any] = (
                json.loads(done.stdout) if done.returncode == 0 and done.stdout else {"errors": [done.stderr]}
            )
            if errors := answer.get("errors"):
                said = "\n".join(errors).replace(f"{real}/", "")
                fix = (
                    "correct the code, or name what must stay outside: bundles.<name>.external; "
                    "trim: trace rewrites nothing"
                )
                msg = "esbuild cannot bundle the code"
                raise GeneratorFault(msg, where=where, fix=fix, output=said)
            files = answer["files"]
            made = [file["output"] for file in files]
            return Bundled(
                outputs={path: contents.keep((out / path).read_bytes()) for path in made},
                maps={f"{path}.map": contents.keep((out / f"{path}.map").read_bytes()) for path in made},
                inlined={path: file["output"] for file in reversed(files) for path in file["inputs"]},
                asks={file["output"]: contents.keep(file["asks"].encode()) for file in files},
                plain={path: contents.keep(text.encode()) for path, text in answer["plain"].items()},
                apart=answer["apart"],
                located=tuple(answer["located"]),
                outside=tuple(answer["outside"]),
            )


def output_of(entry: str) -> str:
    """Return the name an entry has once bundled.

    >>> output_of("src/handler.mts"), output_of("index.js")
    ('src/handler.mjs', 'index.js')
    """
    stem, suffix = posixpath.splitext(entry)
    return stem + _COMPILED.get(suffix, suffix)


def module_format(root: Path, entry: str) -> str:
    """Return ``esm`` or ``cjs``: what Node takes the entry's name for, by its nearest package.json."""
    suffix = posixpath.splitext(output_of(entry))[1]
    if suffix != ".js":
        return "esm" if suffix == ".mjs" else "cjs"
    for folder in (root / entry).parents:
        file = folder / "package.json"
        if file.is_file():
            try:
                data = json.loads(file.read_text(encoding="utf-8-sig"))
            except ValueError:
                return "cjs"  # Node ignores what it cannot read, too
            return "esm" if isinstance(data, dict) and data.get("type") == "module" else "cjs"
        if folder == root:
            break
    return "cjs"
