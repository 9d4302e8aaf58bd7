"""Running @vercel/nft: a Node child that is told about the target, JSON in and JSON out."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.errors import GeneratorFault
from packager.core.units import format_timeout
from packager.model.tracing import Trace
from packager.toolchains.npm_tools import NpmTools, run_script

if TYPE_CHECKING:
    from packager.model.contents import Contents
    from packager.model.tracing import TraceQuestion

LOCK = Path(__file__).parent / "nft-lock.json"
_SCRIPT = Path(__file__).parent / "trace.cjs"
_LOWEST_NODE = 20
"""What nft 1 itself runs on."""
_TIMEOUT_SECONDS = 600.0
_CPU = {"x86_64": "x64", "arm64": "arm64"}
_SHARED = {"asset", "sharedlib"}


@dataclass(frozen=True)
class NftTracer:
    """@vercel/nft, fetched by npm the first time."""

    tools: NpmTools

    def __call__(self, question: TraceQuestion, contents: Contents) -> Trace:
        """Return what the entries reach in the tree, as the target's Node would find it.

        Node 20.19 and 22.12 began to load ES modules with `require`, and to look at the condition ``module-sync`` for
        it. Older releases of the same majors take the other file, so both are followed where Node could choose either.
        Source: nodejs.org/api/packages.html, "Conditional exports"; vercel/nft#603.
        """
        target = question.target
        node = self.tools.node(target.language_version, _LOWEST_NODE)
        tool = self.tools.folder("nft", LOCK, node)
        knows_sync = int(target.language_version or 0) >= 20
        conditions = ["node", "node-addons", *(["module-sync"] if knows_sync else [])]
        real = contents.root.resolve()
        request = {
            "root": str(real),
            "entries": list(question.entries),
            "overlay": {path: str(contents.path(source)) for path, source in question.overlay.items()},
            "arch": _CPU[target.arch],
            "conditions": conditions,
            "moduleSyncCatchall": knows_sync,
            "modules": list(question.modules),
            "named": list(question.named),
        }
        where = f"bundles.{question.name}.trim"
        try:
            done = run_script(_SCRIPT, tool, node, request, real, _TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired as error:
            msg = f"the tracer did not end within {format_timeout(_TIMEOUT_SECONDS)}"
            raise GeneratorFault(msg, where=where, fix="choose trim: strict") from error
        if done.returncode != 0:
            tail = "\n".join(done.stderr.replace(f"{real}/", "").splitlines()[-20:])
            msg = f"the tracer failed (exit code {done.returncode})"
            raise GeneratorFault(msg, where=where, fix="choose trim: strict", output=tail)
        return read_answer(done.stdout, str(real))


def read_answer(text: str, root: str = "") -> Trace:
    """Return the trace of the script's answer."""
    answer = json.loads(text)
    files = {path: (found["parents"] or [""])[0] for path, found in answer["files"].items()}
    read = frozenset(path for path, found in answer["files"].items() if _SHARED & set(found["kinds"]))
    return Trace(
        files,
        read,
        tuple(message.replace(f"{root}/", "") for message in answer["warnings"]),
        places=answer.get("places", {}),
        whole=answer.get("whole", {}),
        folders=answer.get("folders", {}),
        data=answer.get("data", {}),
        idle=frozenset(answer.get("idle", ())),
        hooks=tuple(answer.get("hooks", ())),
        named=answer.get("named", {}),
    )
