"""What is published to a destination, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.findings import Finding
    from packager.model.targets import Budget


Action = Literal["published", "created", "updated", "unchanged", "refused"]


@dataclass(frozen=True)
class FinishedZip:
    """A finished zip on disk, made by any tool."""

    path: Path
    zipped_bytes: int
    unzipped_bytes: int
    """Sum of the entries' sizes, as the zip's directory states them."""
    entries: int
    sha256: str
    """Hex, of the whole file."""

    @property
    def code_sha256(self) -> str:
        """Return the SHA-256 as AWS shows it: base64."""
        import base64

        return base64.b64encode(bytes.fromhex(self.sha256)).decode("ascii")


@dataclass(frozen=True)
class Access:
    """Who calls, and where."""

    region: str = ""
    """Empty: the destination's own default, such as what AWS_REGION or the profile says."""
    profile: str = ""
    endpoint_url: str = ""
    """Another server that speaks the same API, such as LocalStack."""
    attempts: int = 6
    """For each request, the first included; they are spaced out where the other side throttles."""


@dataclass(frozen=True)
class PublishOrder:
    """A zip to be published in one region."""

    package: FinishedZip
    access: Access
    budget: Budget
    """The limits of its target, as the catalog has them."""
    bucket: str = ""
    """Where a zip over the limit of a direct upload may go through; empty if none is named."""
    dry_run: bool = False
    """Say what would be done: ask, and change nothing."""


@dataclass(frozen=True)
class LayerSpec:
    """What a layer version should say of itself."""

    name: str
    runtimes: tuple[str, ...] = ()
    """Compatible runtimes in AWS's spelling; empty says nothing about them."""
    arches: tuple[str, ...] = ()
    description: str = ""
    """Not compared: another description alone publishes no new version."""
    license: str = ""
    """SPDX identifier, URL or text. Not compared either."""


@dataclass(frozen=True)
class FunctionSpec:
    """What a function should be. Empty fields leave what AWS has."""

    name: str
    """Name or ARN, without a version."""
    runtime: str = ""
    handler: str = ""
    arch: str = ""
    layers: tuple[str, ...] = ()
    """In order: layer version ARNs, or bare layer names that stand for their newest version in the region."""
    built_with: tuple[str, ...] = ()
    """CodeSha256 of each of `layers` that the zip was built to stand on, in order; empty: any will do."""
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Merged into the function's variables: names not mentioned here stay as they are. May hold secrets."""
    create: bool = False
    """Make the function if it is not there; needs `role`, `runtime` and `handler`."""
    role: str = ""
    """ARN of the execution role, for a function that is made."""


@dataclass(frozen=True)
class Published:
    """What was done in one region, or would be done if `planned`."""

    kind: Literal["layer", "function"]
    name: str
    region: str
    action: Action
    """``refused``: our own limit checks said no before anything was sent; `findings` say why."""
    arn: str = ""
    """Layer version ARN, or function ARN; empty where there is none yet."""
    version: str = ""
    """Layer version number, or ``$LATEST``; empty where there is none yet."""
    code_sha256: str = ""
    """Base64, as AWS shows it; equals the zip's own."""
    route: str = ""
    """``direct``, or the ``s3://`` address the zip went through; empty if no code was sent."""
    changes: tuple[str, ...] = ()
    """What differed: ``code``, ``runtimes``, ``Layers``, …"""
    planned: bool = False
    """A dry run: nothing was sent."""
    findings: tuple[Finding, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Return whether AWS already had exactly this."""
        return self.action == "unchanged"

    def to_json(self) -> dict[str, object]:
        """Return the fields for ``--json``."""
        return {
            "kind": self.kind,
            "name": self.name,
            "region": self.region,
            "action": self.action,
            "planned": self.planned,
            "arn": self.arn,
            "version": self.version,
            "code_sha256": self.code_sha256,
            "route": self.route,
            "changes": list(self.changes),
            "findings": [finding.to_json() for finding in self.findings],
        }
