"""A fit plan as people read it: in findings, in the summary, and as the lines that make it permanent. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.units import format_size
from packager.languages.registry import LANGUAGES
from packager.pipeline.fit.ranking import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packager.model.fitting import FitPlan, Measure, Settings, Trial
    from packager.model.plan import Bundle

CODES = ("SIZE001", "SIZE002", "SIZE003")
"""Findings about limits that fitting can do something about."""
_IMAGE_HOSTS = frozenset(("aws-lambda",))
_LEVEL_NAMES = ("best", "max")
_USUAL_TRIM = "safe"
"""Of a bundle that says nothing of it, as stripping is."""


def command(way: Settings, now: Settings) -> str:
    """Return what to type for a combination."""
    if way.layers or (way.strip and not now.strip):
        return "packager build --fit"
    changed = names(way, now)
    trim = f" --trim {way.trim}" if way.trim in changed else ""
    level = next((f" --compress {name}" for name in changed if name in _LEVEL_NAMES), "")
    return f"packager build{trim}{level}"


def permanent(bundle: Bundle, way: Settings, now: Settings, layers: Sequence[Bundle]) -> tuple[str, ...]:
    """Return the lines of packager.yaml, and the option, that give the same without ``--fit``.

    `layers` are those that were made for the bundle. A bundle built for several architectures has one list of layers
    for all of them, so what was made for one cannot be written down: there the option itself is the answer.
    """
    changed = names(way, now)
    key = bundle.configured or bundle.name
    if layers and key != bundle.name:
        return (command(way, now),)
    lines = []
    for layer in layers:
        packages = ", ".join(f'"{package}"' for package in layer.packages)
        lines += [f"  {layer.name}:", "    target: aws-lambda-layer", f"    runtime: {layer.target.runtime}",
                  f"    arch: {layer.target.arch}", f"    packages: [{packages}]"]  # fmt: skip
        if layer.trim != _USUAL_TRIM:
            lines.append(f"    trim: {layer.trim}")
        if not layer.strip:
            lines.append("    strip: false")
        if layer.layers:
            lines.append(f"    layers: [{', '.join(layer.layers)}]")
    own = []
    if way.trim in changed:
        own.append(f"    trim: {way.trim}")
    if "strip" in changed:
        own.append("    strip: true")
    if layers:
        listed = [*bundle.layers, *(path.as_posix() for path in bundle.layer_files), *bundle.layer_arns]
        own.append(f"    layers: [{', '.join([*listed, *(layer.name for layer in layers)])}]")
    if own:
        lines += [f"  {key}:", *own]
    level = next((name for name in changed if name in _LEVEL_NAMES), "")
    return (*(["bundles:"] if lines else []), *lines, *([f"packager build --compress {level}"] if level else []))


def image_route(bundle: Bundle) -> tuple[str, ...]:
    """Return how the code is run as a container image, on the hosts that do."""
    if bundle.target.name not in _IMAGE_HOSTS or not bundle.target.image:
        return ()
    install = LANGUAGES[bundle.target.language].image_install
    lines = [
        "as a last resort, use an image: AWS Lambda runs container images of up to 10 GB; a Dockerfile such as",
        f"  FROM {bundle.target.image}",
        "  COPY . ${LAMBDA_TASK_ROOT}",
        f"  {install}" if install else "",
        f'  CMD ["{bundle.handler}"]',
        "push it to Amazon ECR, and create the function with PackageType: Image and the image's URI",
    ]
    return tuple(line for line in lines if line)


def remedy(plan: FitPlan) -> str:
    """Return the instruction for the finding that says how much is too much; empty where there is none."""
    if plan.trials:
        return "see the plan: nothing that was tried fits" + (", or use a container image" if plan.image_route else "")
    if plan.command:
        return f"`packager build --fit` tries the cheapest way that should fit ({plan.likely})"
    if plan.image_route:
        return "leave packages out, or use a container image: packager cannot make it fit by itself"
    return ""


def plan_lines(plan: FitPlan) -> Iterator[str]:
    """Yield the plan for people: what each measure saves, what was done, what to write, and the last way out."""
    if not plan.fits:
        over = [f"{format_size(size)} {what}" for size, what in
                ((plan.excess.zipped, "zipped"), (plan.excess.unzipped, "unzipped")) if size]  # fmt: skip
        yield f"over by {' and '.join(over)}; what would help, the largest saving first:"
        yield from (f"  {_measure(measure)}" for measure in plan.measures)
        if not plan.measures:
            yield "  packager knows nothing that would help"
    for trial in plan.trials:
        yield _trial(trial)
    if plan.fits and plan.permanent:
        yield "to make it permanent, write:"
        yield from (f"  {line}" for line in plan.permanent)
        if plan.command and plan.command not in plan.permanent:
            yield f"or run each time: {plan.command}"
    if not plan.trials and plan.command:
        yield f"the cheapest way that should fit: {plan.likely}: {plan.command} (or --fit)"
    if not plan.fits:
        yield from plan.image_route


def notes_of(plan: FitPlan) -> Iterator[str]:
    """Yield what the manifest says of a bundle that was brought under its limits."""
    if plan.fits:
        yield f"--fit: {plan.trials[-1].what}"


def _measure(measure: Measure) -> str:
    if measure.certainty == "unknown":
        saving = "not known before it is done"
    else:
        about = "about " if measure.certainty == "about" else ""
        parts = [f"{format_size(size)} {what}" for size, what in
                 ((measure.zipped, "zipped"), (measure.unzipped, "unzipped")) if size]  # fmt: skip
        saving = about + ", ".join(parts)
    by_hand = "" if measure.automatic else " (you decide)"
    return f"{measure.name:<7} {saving}: {measure.what}{by_hand} [{measure.permanent}]"


def _trial(trial: Trial) -> str:
    sizes = f"{format_size(trial.zipped_bytes)} zipped, {format_size(trial.unzipped_bytes)} unzipped"
    told = {"fits": f"fits: {sizes}", "too big": f"too big: {sizes}", "refused": "refused", "not proved": "not proved"}
    detail = f": {trial.detail}" if trial.detail and trial.outcome in ("refused", "not proved") else ""
    return f"tried {trial.what}: {told[trial.outcome]}{detail}"
