"""Secrets that would travel with the artifact: by file name and by content. Values are never shown. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.select.trim.secrets import secret_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.context import AuditContext
    from packager.model.findings import Finding, Severity

_SHOWN = 3
NAME_HINTS = (
    "env", "npmrc", "yarnrc", "pypirc", "netrc", "git-credentials", ".aws/", ".ssh/", ".gnupg/", ".docker/", ".kube/",
    "gcloud", "id_", "pem", "key", "p12", "pfx", "jks", "ppk", "service-account", "credentials",
)  # fmt: skip
"""A path that is named like a secret has one of these in it: seventeen globs per file of a large tree take a second."""


def check_secrets(scene: AuditContext) -> Iterator[Finding]:
    """Report files named like secrets (SEC001), tokens and keys (SEC002), and what may be a password (SEC003).

    In installed packages, and in their code where it was joined into a file of the project, a token is its author's
    published one rather than the user's: a warning.
    """
    for place in scene.judged:
        in_package = place.file.package is not None
        name = place.file.path.lower()
        if any(hint in name for hint in NAME_HINTS) and (reason := secret_reason(place.file.path, in_package)):
            yield place.finding("SEC001", f"looks like a secret by its name: {reason}")
        for code, certain, joined in (("SEC002", True, False), ("SEC002", True, True), ("SEC003", False, False)):
            found = [each for each in place.file.secrets if (each.certain, each.of_package) == (certain, joined)]
            if not found:
                continue
            listed = "; ".join(f"{each.kind} in line {each.line} ({each.masked})" for each in found[:_SHOWN])
            more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            verb = "holds" if certain else "may hold"
            severity: Severity | None = "warning" if (in_package or joined) and certain else None
            whose = ", in the code of a package that was joined into it" if joined else ""
            yield place.finding(code, f"{verb} {listed}{more}{whose}", severity=severity)
