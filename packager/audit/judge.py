"""The audit: every check on mounted artifacts, then what is not a fault after all.

`audit` is pure; `audit_archive`, the whole verdict on files by their paths, has them scanned first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.audit.binaries.abi import check_platform, check_shape, check_unreadable
from packager.audit.binaries.interpreters import check_addons, check_extension_modules, check_tags
from packager.audit.binaries.libraries import check_needed, check_shadowed
from packager.audit.binaries.platform_variants import excuse
from packager.audit.binaries.symbols import check_symbol_versions
from packager.audit.bundle.archives import check_archive
from packager.audit.bundle.browsers import check_browsers
from packager.audit.bundle.engines import check_clients, check_engines, check_overrides
from packager.audit.bundle.handlers import check_handler, handler_texts
from packager.audit.bundle.imports import check_imports
from packager.audit.bundle.layers import check_layer
from packager.audit.bundle.names import check_names
from packager.audit.bundle.secrets import check_secrets
from packager.audit.bundle.sizes import Weights, weigh
from packager.audit.bundle.starting import check_bootstrap, check_execute_bits, check_interpreters
from packager.audit.context import AuditContext
from packager.languages.registry import LANGUAGES
from packager.model.findings import Mounted
from packager.model.stages import AuditInputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from packager.model.findings import Finding
    from packager.model.inventory import Inventory
    from packager.model.targets import Budget, Target

CHECKS = (
    check_platform,
    check_unreadable,
    check_shape,
    check_symbol_versions,
    check_needed,
    check_shadowed,
    check_addons,
    check_extension_modules,
    check_tags,
    check_names,
    check_archive,
    check_bootstrap,
    check_execute_bits,
    check_interpreters,
    check_layer,
    check_handler,
    check_imports,
    check_secrets,
    check_browsers,
    check_engines,
    check_clients,
    check_overrides,
)
"""Every check of file contents. A new one is a function from `AuditContext` to findings, and its line here."""

_RANK = {"error": 0, "warning": 1, "note": 2}


def audit(
    mounts: Sequence[Mounted],
    target: Target,
    environment: Sequence[tuple[str, str]] = (),
    *,
    handler: str = "",
    whole: bool = False,
) -> list[Finding]:
    """Return what would go wrong with these artifacts on the target: errors first, then by subject and code.

    Every mount helps to resolve libraries; findings are about those that are `judged`. `environment` holds the
    function's own variables; `handler` is looked for if it is given. `whole` says that the mounts are whole artifacts,
    so that what is not in them is missing.
    """
    scene = AuditContext(mounts, target, environment, handler=handler, whole=whole)
    findings = [finding for check in CHECKS for finding in check(scene)]
    return _ranked(excuse(scene, findings))


def audit_archive(
    path: Path,
    layers: Sequence[Path],
    target: Target,
    *,
    budget: Budget | None = None,
    name: str = "",
    environment: Sequence[tuple[str, str]] = (),
    handler: str = "",
) -> list[Finding]:
    """Return the verdict on a zip, folder or single file, with the layers it will have: contents, then sizes.

    `budget` replaces the target's own limits, `name` what findings call the artifact (its path otherwise);
    `environment` holds the function's own variables, `handler` is FILE.EXPORT as the host has it, where it is known.
    Faults of the layers themselves are reported where they are audited. Raises ArtifactError for what cannot be read.
    """
    limits = budget or target.budget
    inputs = AuditInputs("", (), target, limits, name or str(path), tuple(environment), handler)
    return audit_joined(path, layers, inputs, None)


def audit_joined(
    path: Path, layers: Sequence[Path], inputs: AuditInputs, maps: Callable[[str], bytes | None] | None
) -> list[Finding]:
    """Return what `audit_archive` does; `maps` gives the source map of a member that was joined from several files."""
    from packager.inventory.archive import is_archive, scan

    target, system = inputs.target, inputs.target.system
    root = system.layer_root if target.kind == "layer" else system.function_root
    of_handler = handler_texts(inputs.handler, target)
    is_own_source = LANGUAGES[target.language].is_own_source
    inventory = scan(path, lambda name: of_handler(name) or is_own_source(name), maps)
    below = [_mounted(layer, system.layer_root, scan(layer), str(layer), judged=False) for layer in layers]
    whole = path.is_dir() or is_archive(path)
    mounts = [*below, _mounted(path, root, inventory, inputs.name)]
    findings = audit(mounts, target, inputs.environment, handler=inputs.handler, whole=whole)
    weighed = weigh(
        inputs.name,
        Weights(
            zipped_bytes=path.stat().st_size if path.is_file() and whole else None,
            unzipped_bytes=inventory.size_bytes,
            layers_unzipped_bytes=tuple(layer.inventory.size_bytes for layer in below),
            entries=len(inventory.files),
        ),
        target.title,
        inputs.budget,
        largest_parts(inventory),
    )
    return _ranked([*findings, *weighed])


def _mounted(path: Path, root: str, inventory: Inventory, name: str, *, judged: bool = True) -> Mounted:
    from packager.engines.clients import read_engine_facts

    facts = read_engine_facts(path, (file.path for file in inventory.files))
    return Mounted(root, inventory, name, judged=judged, engines=facts)


def largest_parts(inventory: Inventory) -> list[tuple[str, int]]:
    """Return (package or file, bytes), the heaviest first: files of one package count together."""
    sizes: dict[str, int] = {}
    for file in inventory.files:
        part = file.package.name if file.package else file.path
        sizes[part] = sizes.get(part, 0) + file.size_bytes
    return sorted(sizes.items(), key=lambda part: (-part[1], part[0]))


def _ranked(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (_RANK[finding.severity], finding.subject, finding.code))
