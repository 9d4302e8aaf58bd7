"""``packager publish``: a finished zip to AWS Lambda, in one region or several."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from packager.cli.options import talk_options, verbosity
from packager.core.errors import EXIT_FINDINGS, EXIT_FINE, UsageError

if TYPE_CHECKING:
    from packager.core.progress import Stopwatch
    from packager.model.publishing import FinishedZip, FunctionSpec, LayerSpec, Published
    from packager.model.targets import Budget
    from packager.publish.package import ZipDescription


@dataclass(frozen=True)
class PublishOptions:
    """The command line as one value."""

    path: Path
    name: str
    function: str
    regions: tuple[str, ...]
    bucket: str
    layers: tuple[str, ...]
    runtimes: tuple[str, ...]
    arches: tuple[str, ...]
    handler: str
    environment: tuple[tuple[str, str], ...]
    create: bool
    role: str
    description: str
    license: str
    endpoint_url: str
    profile: str
    dry_run: bool


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Name of the layer or function. Default: from the manifest.")
@click.option(
    "--function", default="", metavar="NAME", help="Publish to this function, even if the manifest says otherwise."
)
@click.option(
    "--region", "regions", multiple=True, help="Region; may be repeated. Default: AWS_REGION or the profile's."
)
@click.option("--bucket", default="", help="S3 bucket for zips too large for a direct upload; {region} is filled in.")
@click.option(
    "--layer",
    "layers",
    multiple=True,
    metavar="ARN",
    help="Layer by ARN, or by name for its newest; may be repeated, in order. Default: as built.",
)
@click.option(
    "--runtime", "runtimes", multiple=True, help="Runtime; may be repeated for layers. Default: from the manifest."
)
@click.option(
    "--arch",
    "arches",
    multiple=True,
    type=click.Choice(("x86_64", "arm64")),
    help="Architecture, given as --runtime is.",
)
@click.option("--handler", default="", help="Handler of the function. Default: from the manifest.")
@click.option(
    "--env",
    "environment",
    multiple=True,
    metavar="NAME=VALUE",
    help="Variable of the function; may be repeated. Others stay.",
)
@click.option("--create", is_flag=True, help="Create the function if it does not exist; requires --role.")
@click.option("--role", default="", metavar="ARN", help="Execution role of a function that is created.")
@click.option("--description", default="", help="Description of the layer.")
@click.option("--license", default="", help="Licence of the layer.")
@click.option("--endpoint-url", default="", metavar="URL", help="Another server with the AWS API, such as LocalStack.")
@click.option("--profile", default="", help="Profile of ~/.aws/config.")
@click.option("--dry-run", is_flag=True, help="Show what would be done: AWS is asked, nothing is changed.")
@talk_options
def publish(as_json: bool, verbose: bool, quiet: bool, environment: tuple[str, ...], **values: Any) -> int:
    """Publish a layer or function zip to AWS, repeatably.

    What AWS already has under the same CodeSha256 is not sent again. A zip over the limit of a direct upload goes
    through --bucket. Name, runtime and the like come from the manifest beside the zip, unless options give them.
    """
    from packager.cli.console import Steps
    from packager.core.progress import Stopwatch

    start = time.monotonic()
    options = PublishOptions(environment=tuple(_variable(text) for text in environment), **values)
    with Steps(verbosity(verbose, quiet, as_json)) as steps:
        package, results = publish_everywhere(options, Stopwatch(steps))
    ok = all(result.action != "refused" for result in results)
    if as_json:
        click.echo(json.dumps({"version": 1, "ok": ok, **to_json(package, results)}, indent=1))
    elif not (quiet and ok):
        from packager.cli.plain import say

        for result in results:
            say("\n".join(describe(result)))
        say(_closing(results, time.monotonic() - start))
    return EXIT_FINE if ok else EXIT_FINDINGS


def publish_everywhere(options: PublishOptions, watch: Stopwatch) -> tuple[FinishedZip, list[Published]]:
    """Publish the zip to its destination, in each region in turn."""
    from packager.core.signals import interrupting
    from packager.destinations.registry import destination_for
    from packager.model.publishing import Access, PublishOrder
    from packager.publish.package import read_description, read_package
    from packager.publish.regions import publish_in_regions

    with interrupting("nothing was changed"):
        package = read_package(options.path)
        description = read_description(package)
        destination = destination_for(description.target)
        spec, budget = make_spec(options, description)
    access = Access(profile=options.profile, endpoint_url=options.endpoint_url)
    order = PublishOrder(package, access, budget, options.bucket, options.dry_run)
    state = f"{destination.NAME} may have some of it; publish again, and what is done is not repeated"
    with interrupting("nothing was changed" if options.dry_run else state):
        return package, publish_in_regions(destination, order, spec, options.regions, watch)


def make_spec(options: PublishOptions, description: ZipDescription) -> tuple[LayerSpec | FunctionSpec, Budget]:
    """Return what to publish and the limits it must meet: options first, then the manifest beside the zip.

    Raises UsageError if it is not clear whether this is a layer or a function, or what it is called.
    """
    from packager.catalog.current import load_catalog
    from packager.destinations.registry import destination_for
    from packager.model.publishing import FunctionSpec, LayerSpec
    from packager.publish.package import code_sha256

    where = str(options.path)
    kind = "function" if options.function else description.kind or ("layer" if options.name else "")
    name = options.function or options.name or description.bundle
    destination = destination_for(description.target)
    if kind not in destination.TARGETS:
        msg = (
            f"a {kind} cannot be published to {destination.SERVICE}"
            if kind
            else "it is not clear whether this is a layer or a function"
        )
        raise UsageError(msg, where=where, fix="give --function NAME for a function, or --name NAME for a layer")
    if not name:
        msg = f"the {kind} has no name"
        raise UsageError(msg, where=where, fix="give --name")
    runtimes = options.runtimes or ((description.runtime,) if description.runtime else ())
    arches = options.arches or ((description.arch,) if description.arch else ())
    target = destination.TARGETS[kind]
    budget = load_catalog().host(target).kinds[target].budget
    if kind == "layer":
        _refuse(options, where, "a layer", ("layers", "handler", "environment", "create", "role"))
        return LayerSpec(name, runtimes, arches, options.description, options.license), budget
    _refuse(options, where, "a function", ("description", "license"))
    if len(runtimes) > 1 or len(arches) > 1:
        msg = "a function has one runtime and one architecture"
        raise UsageError(msg, where=where, fix="give --runtime and --arch once")
    spec = FunctionSpec(
        name=name,
        runtime="".join(runtimes),
        handler=options.handler or description.handler,
        arch="".join(arches),
        layers=options.layers or tuple(name for name, _ in description.layers),
        built_with=() if options.layers else tuple(code_sha256(sha256) for _, sha256 in description.layers),
        environment=options.environment,
        create=options.create,
        role=options.role,
    )
    return spec, budget


def _closing(results: list[Published], seconds: float) -> str:
    """Return the last line: how many regions were changed, and how."""
    from collections import Counter

    from packager.cli.closing import done, failed

    told = Counter(
        f"would be {each.action}" if each.planned and not each.unchanged else each.action for each in results
    )
    counts = [f"{number} {action}" for action, number in told.items()]
    if any(result.action == "refused" for result in results):
        return failed("Publish", f"Of {len(results)}: {', '.join(counts)}.")
    return done(seconds, *counts, *(["nothing was changed"] if all(each.planned for each in results) else []))


def _only_planned(result: Published) -> bool:
    """Return whether a dry run names a change that it did not make."""
    return result.planned and not result.unchanged


def describe(result: Published) -> list[str]:
    """Return lines for people: what was done, and each finding."""
    verb = f"would be {result.action}:" if _only_planned(result) else result.action
    line = f"{verb} {result.kind} {result.name} in {result.region}"
    line += f": {result.arn}" if result.arn else ""
    if result.changes and result.changes != ("new",):
        line += f" ({', '.join(result.changes)})"
    if result.route:
        line += f", {result.route}"
    lines = [line, f"  CodeSha256 {result.code_sha256}"] if result.action != "refused" else [line]
    return lines + [f"  {part}" for finding in result.findings for part in str(finding).splitlines()]


def to_json(package: FinishedZip, results: list[Published]) -> dict[str, object]:
    """Return what ``--json`` says of the zip and of each region."""
    return {
        "artifact": {
            "path": str(package.path),
            "zipped_bytes": package.zipped_bytes,
            "unzipped_bytes": package.unzipped_bytes,
            "sha256": package.sha256,
            "code_sha256": package.code_sha256,
        },
        "published": [result.to_json() for result in results],
    }


def _refuse(options: PublishOptions, where: str, what: str, names: tuple[str, ...]) -> None:
    """Raise UsageError for options that mean nothing here: silence would look like success."""
    flags = {"layers": "--layer", "environment": "--env"}
    given = [flags.get(name, f"--{name}") for name in names if getattr(options, name)]
    if given:
        msg = f"{', '.join(given)} cannot be used for {what}"
        raise UsageError(msg, where=where, fix="remove it, or check that this is the right zip")


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        msg = f"expected NAME=VALUE, found a text that starts with {name!r}"  # never the value: it may be a secret
        raise UsageError(msg, where="--env", fix="write NAME=VALUE")
    return name, value
