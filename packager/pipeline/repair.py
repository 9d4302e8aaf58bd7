"""A proof that fails because trimming left something out: that is put back, and the bundle made again.

Static analysis and rules by name are guesses about what code will ask for. The proof is the answer: what it misses is
kept, with its package where only the package is known, and every such correction is reported.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.core.errors import UsageError
from packager.hosts.registry import HOSTS
from packager.model.findings import Finding, has_errors
from packager.model.packages import package_folder
from packager.model.plan import TRACED
from packager.select.trim.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from packager.model.options import BuildOptions
    from packager.model.packages import PackageGraph
    from packager.model.plan import Bundle, Plan
    from packager.model.proof import Proof, Wanted
    from packager.model.results import Result
    from packager.model.selection import Choice, Selection
    from packager.model.targets import Target
    from packager.model.tracing import View

ROUNDS = 6
_SHOWN = 10
JOINED = "joined"
"""In place of a rule: nothing was left out, but the code of a package was made part of another file."""
"""How often a bundle is corrected before its failure is reported as it is."""
_FINAL = frozenset({"secret", "leftover", "include", "layer", "layer-content", "platform", "unreachable", "build-file"})
"""Rules whose word stands, whatever a proof says: they do not guess at what code needs."""
_ENDINGS = (
    "",
    ".js",
    ".json",
    ".node",
    ".cjs",
    ".mjs",
    "/index.js",
    "/index.json",
    "/package.json",
    ".py",
    "/__init__.py",
)


@dataclass(frozen=True)
class Pinned:
    """Why something that trimming would leave out is kept."""

    rule: str
    """The rule that left it out."""
    wanted: str
    """What the code asked for."""

    def __str__(self) -> str:
        return f"the proof missed {self.wanted}"


def missed(proof: Proof, bundle: Bundle, selection: Selection, graph: PackageGraph) -> dict[str, Pinned]:
    """Return the files and package folders (by their paths in the tree) that are lacking by trimming's doing.

    Lacking is what a failed proof missed, and what own code names, whether the proof came there or not.
    Empty where that has nothing to do with what was left out.
    """
    unmet = (*proof.named, *(proof.wanted if proof.status != "proved" else ()))
    if proof.status == "proved" and not unmet:
        return {}
    place = HOSTS[bundle.target.provider].place
    dropped = {place(bundle, choice.file.path): choice for choice in selection.dropped if _may_return(choice)}
    found: dict[str, Pinned] = {}
    search = _search_path(bundle)
    for wanted in unmet:
        meant = list(_meant(wanted, dropped, search))
        for choice in meant:
            found.update(_kept_with(choice, wanted.what, graph))
        beside = None if meant else _beside_its_code(wanted.what, dropped)
        if beside is not None:
            found.update(_kept_whole(beside, wanted.what, graph))
    if found or proof.status == "proved":
        return found
    # It says no more than where it failed: what is left out of the packages that were running is the likeliest cause.
    folders = {choice.file.package.path: choice for choice in dropped.values() if choice.file.package}
    for name in proof.stack:
        holder = graph.of(name)
        if holder is not None and holder.package.path in folders:
            return {
                holder.package.path: Pinned(folders[holder.package.path].rule, f"something of {holder.package.name}")
            }
    return {}


def _may_return(choice: Choice) -> bool:
    return choice.rule not in _FINAL and not choice.rule.startswith("engine:")


def _search_path(bundle: Bundle) -> tuple[str, ...]:
    """Return the folders of the archive that the function's own NODE_PATH or PYTHONPATH name."""
    root = f"{bundle.target.system.function_root}/"
    named = ":".join(value for name, value in bundle.environment if name in ("NODE_PATH", "PYTHONPATH"))
    return tuple(folder.removeprefix(root).rstrip("/") for folder in named.split(":") if folder.startswith(root))


def _meant(wanted: Wanted, dropped: Mapping[str, Choice], search: tuple[str, ...]) -> Iterator[Choice]:
    """Yield the files left out that an unanswered question means."""
    what = wanted.what
    if "/" not in what and ".so" in what:
        yield from (choice for name, choice in dropped.items() if posixpath.basename(name) == what)
        return
    stems = [what, what.replace(".", "/")]
    if what.startswith("."):
        stems = [posixpath.normpath(posixpath.join(posixpath.dirname(wanted.by), what))]
    else:
        stems += [f"{folder}/{stem}" for folder in search for stem in stems]
    for stem in stems:
        for ending in _ENDINGS:
            if choice := dropped.get(f"{stem}{ending}"):
                yield choice
                return
    inside = [choice for name, choice in dropped.items() if name.startswith(f"{stems[0]}/")]
    if inside:
        yield from inside
        return
    yield from _of_a_package(what, wanted.by, dropped)


def _of_a_package(what: str, by: str, dropped: Mapping[str, Choice]) -> Iterator[Choice]:
    """Yield a file of the package that Node would take for a bare name, seen from the file that asked."""
    name = "/".join(what.split("/")[: 2 if what.startswith("@") else 1])
    folder = posixpath.dirname(by)
    while True:
        prefix = posixpath.join(folder, "node_modules", name, "")
        for path, choice in dropped.items():
            if path.startswith((prefix, f"nodejs/{prefix}")):
                yield choice
                return
        if not folder:
            return
        folder = posixpath.dirname(folder)


def _beside_its_code(what: str, dropped: Mapping[str, Choice]) -> Choice | None:
    """Return the file that bundled code looks for beside itself, from where it lies no longer; the longest match."""
    parts = what.split("/")
    for start in range(len(parts)):
        ending = "/".join(parts[start:])
        packages = [path for path in dropped if path.endswith(f"/{ending}") and "node_modules/" in path]
        if len(packages) == 1:
            return dropped[packages[0]]
    return None


def _kept_with(choice: Choice, wanted: str, graph: PackageGraph) -> dict[str, Pinned]:
    """Return what keeping a file means: the file, or all of a package that was asked for by its name."""
    package = choice.file.package
    by_name = package is not None and f"{wanted}/".startswith(f"{package.name}/")
    if choice.rule == "bundled" or by_name:
        return _kept_whole(choice, wanted, graph)
    return {choice.file.path: Pinned(choice.rule, wanted)}


def _kept_whole(choice: Choice, wanted: str, graph: PackageGraph) -> dict[str, Pinned]:
    """Return the package of a file, and all that needs; the file where it is the project's own."""
    package = choice.file.package
    folders = graph.closure([package.path]) if package is not None and package.path else [choice.file.path]
    return dict.fromkeys(folders, Pinned(choice.rule, wanted))


def joined(result: Result) -> dict[str, Pinned]:
    """Return the packages whose code has become part of an entry that fails without saying what it lacks.

    Code that has moved may fail in any way: such a bundle is tried once more with all packages beside it.
    """
    if result.proof.status != "failed":
        return {}
    folders = {
        choice.file.package.path
        for choice in result.selection.dropped
        if choice.rule == "bundled" and choice.file.package is not None and choice.file.package.path
    }
    return {folder: Pinned(JOINED, "its code where it was written") for folder in sorted(folders)}


def mended(make: Callable[[Mapping[str, Pinned]], Result]) -> Result:
    """Return a bundle made so often that its proof misses nothing that was left out, `ROUNDS` times more at most.

    `make` is given what must be kept.
    """
    result, pinned = _mended(make)
    apart = joined(result)
    if not apart:
        return result
    again = make({**apart, **pinned})
    return again if again.proof.status == "proved" else result


def _mended(make: Callable[[Mapping[str, Pinned]], Result]) -> tuple[Result, dict[str, Pinned]]:
    pinned: dict[str, Pinned] = {}
    for _ in range(ROUNDS):
        result = make(pinned)
        more = missed(result.proof, result.bundle, result.selection, result.scanned.graph)
        if not more.keys() - pinned.keys():
            return result, pinned
        pinned = {**more, **pinned}
    return make(pinned), pinned


def report(pinned: Mapping[str, Pinned], shown: str) -> list[Finding]:
    """Return a warning for everything that had to be put back. `shown` is what findings call the artifact."""
    found = []
    apart = sorted(_package(path) for path, why in pinned.items() if why.rule == JOINED)
    if apart:
        message = f"fails as one file, and loads with its packages beside it: {_listed(apart)}"
        fix = "find which of them it is, and name that one: bundles.<name>.external"
        found.append(Finding("TRC001", "warning", shown, message, fix))
    for path, why in sorted(pinned.items()):
        if why.rule == JOINED:
            continue
        if why.rule in ("untraced", "bundled"):
            message = f"is kept because the proof asks for {why.wanted}, which the tracer missed"
            fix = (
                f"set bundles.<name>.external: [{name}] to keep it so from the start"
                if (name := _package(path))
                else ""
            )
            found.append(Finding("TRC001", "warning", f"{shown}!{path}", message, fix))
        else:
            message = f"is kept because the proof asks for {why.wanted}, although rule {why.rule} leaves it out"
            found.append(Finding("TRC003", "warning", f"{shown}!{path}", message))
    return found


def _package(path: str) -> str:
    """Return the name of the package that a file or folder belongs to; empty for the project's own."""
    return package_folder(f"{path}/_").rpartition("node_modules/")[2]


def told(view: View, target: Target, shown: str) -> list[Finding]:
    """Return a note for each reason why packages stay outside a bundle, and one for what is not installed."""
    reasons: dict[str, list[str]] = {}
    for name, why in sorted(view.apart.items()):
        reasons.setdefault(why, []).append(name)
    found = []
    for why, names in reasons.items():
        fix = f"set bundles.<name>.external: [{_listed(names)}] to decide it yourself"
        message = f"{_listed(names)} must stay outside the bundle: {why}"
        found.append(Finding("TRC004", "note", shown, message, fix))
    brought = [compiled(pattern) for pattern in target.system.brought]
    absent = [name for name in view.absent if not any(pattern.match(name) for pattern in brought)]
    if absent:
        ending = "is not installed: its" if len(absent) == 1 else "are not installed: their"
        message = f"names {_listed(absent)}, which {ending} `require` fails when it is run, as in Node"
        found.append(Finding("TRC005", "note", shown, message))
    return found


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def demand_proofs(plan: Plan, options: BuildOptions) -> None:
    """Raise UsageError if proofs are switched off for a bundle that is made by what its code seems to reach."""
    for bundle in plan.bundles:
        if bundle.trim in TRACED and options.prove == "skip":
            msg = f"trim: {bundle.trim} estimates what the code needs, and only a proof can confirm it"
            raise UsageError(msg, where=f"bundle {bundle.name}", fix="remove --no-prove, or choose trim: strict")


def unproved(bundle: Bundle, proof: Proof, findings: list[Finding], shown: str) -> list[Finding]:
    """Return the error that a traced bundle is not proved; none where it is, or where other findings say no.

    `findings` are all others, the proof's own among them, with what the user has accepted as notes: such a finding
    refuses nothing, so that it excuses no missing proof either.
    """
    if bundle.trim not in TRACED or proof.status == "proved" or has_errors(findings):
        return []
    fix = "prove it on a machine with the target's image or Node, or choose trim: strict, which estimates nothing"
    return [Finding("TRC002", "error", shown, f"was made with trim: {bundle.trim}, and {proof.detail}", fix)]
