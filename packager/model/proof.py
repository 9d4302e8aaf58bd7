"""What a proof showed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from packager.model.findings import Finding


ProofStatus = Literal["proved", "failed", "skipped"]


SETTLE_SECONDS = 1.0
"""How long a start that does not become idle by itself is watched after the handler is loaded."""
TIMEOUT_SECONDS = 30.0
"""After how long a start or an answer counts as hanging."""


@dataclass(frozen=True)
class ProofEvent:
    """An event that the proof of a bundle calls the handler with."""

    name: str
    """What messages call it: the file, or the sample event."""
    payload: str
    """The event itself, the path of a JSON file, or the name of a sample event."""
    expect: str = ""
    """A status, or a part of the answer; without it anything but an error will do."""


@dataclass(frozen=True)
class ProofSettings:
    """What a bundle's configuration says of its proof."""

    events: tuple[ProofEvent, ...] = ()
    """Each is a start of its own; without any the handler is loaded, not called."""
    env_file: str = ""
    """File of NAME=VALUE lines for the proof alone; it is never packed."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables for the proof alone, over the function's own."""
    allow_network: tuple[str, ...] = ()
    """``localhost:5432``: ports of this machine that the code may reach; nothing else of any network."""
    settle_seconds: float = SETTLE_SECONDS
    """How long a start is watched that does not become idle, in seconds."""
    timeout_seconds: float = TIMEOUT_SECONDS
    """After how long a start or an answer counts as hanging, in seconds."""


class CannotProve(Exception):
    """This machine cannot run the target's runtime; the text says why and what would help."""


@dataclass(frozen=True)
class Wanted:
    """Something the bundle asked for and did not get."""

    what: str
    """As the code named it: ``./locale/de``, ``pino-pretty/lib``, a path below the root, a soname, ``numpy.tests``."""
    by: str = ""
    """The file that asked, by its name in the archive; empty if the failure does not say."""


@dataclass(frozen=True)
class Proof:
    """What a proof showed."""

    status: ProofStatus
    """``skipped`` reads "audited, not proved"; `detail` then says why."""
    how: str
    """``docker`` or ``local``; empty if skipped."""
    where: str
    """Image or runtime it ran in, such as ``node 22.23.3 on this machine``; no host paths."""
    detail: str
    """One line: what was loaded, or why it was not tried, or what went wrong."""
    findings: tuple[Finding, ...] = ()
    """The causes of a failure, and warnings of refused attempts; coded ``RUN…``."""
    output: str = ""
    """What the handler printed, last lines; for people only, never in the manifest."""
    answer: str = ""
    """What the handler answered to the event, as JSON, cut after 100,000 characters; empty without an event."""
    wanted: tuple[Wanted, ...] = ()
    """What was asked for and not found, of a proof that failed; and in what order the code got there:"""
    stack: tuple[str, ...] = ()
    """Files of the bundle that were running when it failed, innermost first, by their names in the archive."""
    named: tuple[Wanted, ...] = ()
    """What own code names and does not find, by its text alone: a request may come to it."""

    def to_json(self) -> dict[str, str]:
        """Return the fields for the manifest: nothing that changes from run to run."""
        return {"status": self.status, "how": self.how, "where": self.where, "detail": self.detail}


def skipped(reason: str) -> Proof:
    """Return the proof that nothing could be shown here, with the reason."""
    return Proof("skipped", "", "", f"audited, not proved: {reason}")
