"""Several starts of one bundle: each a process of its own on the host, one proof of all of them. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.findings import Finding
    from packager.model.proof import Proof


def together(proofs: Mapping[str, Proof]) -> Proof:
    """Return the proof of a bundle by those of what the host starts of it (what is called → proof), one at least.

    One that failed decides, then one that could not be made; all are named. What any of them missed is missing.
    """
    if len(proofs) == 1:
        return next(iter(proofs.values()))
    for status in ("failed", "skipped"):
        lacking = {name: proof for name, proof in proofs.items() if proof.status == status}
        if lacking:
            first = next(iter(lacking.values()))
            said = [_named(name, each) for name, proof in proofs.items() for each in proof.findings]
            return replace(
                first,
                detail=_lacking(lacking, len(proofs)),
                findings=tuple(dict.fromkeys(said)),
                wanted=tuple(dict.fromkeys(each for proof in lacking.values() for each in proof.wanted)),
            )
    last = [*proofs.values()][-1]
    further = (proof.detail.removeprefix(f"loaded {name}").lstrip(",; ") for name, proof in proofs.items())
    return replace(
        last,
        detail=", ".join([f"loaded {', '.join(proofs)}", *dict.fromkeys(each for each in further if each)]),
        findings=tuple(dict.fromkeys(each for proof in proofs.values() for each in proof.findings)),
        output="\n".join(dict.fromkeys(proof.output for proof in proofs.values() if proof.output)),
    )


def _named(name: str, finding: Finding) -> Finding:
    """Return a finding that names the start it is about, where it is about no file."""
    return finding if "!" in finding.subject else replace(finding, message=f"{name}: {finding.message}")


def _lacking(lacking: Mapping[str, Proof], every: int) -> str:
    """Return what is wrong, each start by its name."""
    details = list(dict.fromkeys(proof.detail for proof in lacking.values()))
    if len(lacking) == every and len(details) == 1:
        return details[0]
    return "; ".join(f"{name}: {proof.detail}" for name, proof in lacking.items())
