"""Proofs of earlier runs: what was proved once of the same bytes, in the same place, is not proved again.

Only ``proved`` is kept: failures are explained again (the reasons of trimming may have changed), and what was skipped
may be possible now. One small JSON file per proof in ``CACHE/proofs``, for its owner's eyes: it holds the answer. Each
carries a checksum: a damaged proof is none.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from functools import cache as once
from typing import TYPE_CHECKING

from packager import __version__
from packager.core.cache_areas import PROOFS
from packager.core.cache_dir import CacheDir
from packager.languages.registry import LANGUAGES
from packager.model.findings import Finding
from packager.model.proof import Proof
from packager.prove.loaders import scripts as loaders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.prove.running.request import ProofRequest

_FIELDS = ("status", "how", "where", "detail", "answer")


def asked(artifact: Path, layers: Sequence[Path], request: ProofRequest) -> str:
    """Return the hash of everything a proof depends on but the place: bytes of the zips, call, limits, our loaders.

    Paths and names of the zips are no part of it. The environment enters as a hash only, secrets and all.
    """
    target = request.target
    question = {
        "tool": [__version__, _loaders()],
        "zips": [_sha256(path) for path in (artifact, *layers)],
        "target": [target.title, target.image, repr(target.system), target.callbacks, target.launcher],
        "handler": request.handler,
        "entry": request.entry,
        "environment": dict(request.own),
        "packages": request.packages,
        "called": request.event is not None,
        "event": [request.event_name, request.event],
        "limits": [request.timeout_seconds, request.settle_seconds, request.memory_bytes],
        "network": request.allow_network,
    }
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


def recall(cache: Path, question: str, place: str, artifact: str) -> Proof | None:
    """Return the proof of the same question in the same place; None if there is none, or none that can be read.

    `artifact` is what its findings call the zip: the same bytes may have had another name.
    """
    known = CacheDir(cache).area(PROOFS).get(_key(question, place))
    try:
        # Never written, or damaged: then it is proved again, which is always right.
        return _proof(known, artifact) if isinstance(known, dict) and known["status"] == "proved" else None
    except (KeyError, ValueError):
        return None  # of another version


def _proof(known: dict[str, object], artifact: str) -> Proof:
    """Return the proof in a document; raises KeyError or ValueError for another one."""
    rows = known["findings"]
    said = {field: text for field in _FIELDS if isinstance(text := known[field], str)}
    if len(said) < len(_FIELDS) or not isinstance(rows, list):
        msg = f"is not a proof: {known}"
        raise ValueError(msg)
    findings = tuple(replace(Finding.from_json(row), subject=artifact) for row in rows)
    return Proof("proved", said["how"], said["where"], said["detail"], findings, answer=said["answer"])


def remember(cache: Path, question: str, place: str, proof: Proof) -> None:
    """Keep a proof. A cache that cannot be written costs the next run its time, no more."""
    if proof.status != "proved":
        return
    findings = [finding.to_json() for finding in proof.findings]
    document = {**{field: getattr(proof, field) for field in _FIELDS}, "findings": findings}
    CacheDir(cache).area(PROOFS).put(_key(question, place), document)


def _key(question: str, place: str) -> str:
    return hashlib.sha256(f"{question} {place}".encode()).hexdigest()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with suppress(OSError), path.open("rb") as file:  # what cannot be read is an error where it is unpacked
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


@once
def _loaders() -> str:
    digest = hashlib.sha256()
    for name in sorted({name for language in LANGUAGES for name in loaders.files(language)}):
        digest.update((loaders.FOLDER / name).read_bytes())
    return digest.hexdigest()
