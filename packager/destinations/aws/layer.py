"""A layer zip → a layer version, unless the newest one is already the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packager.core.errors import ProviderFault, UsageError
from packager.destinations.aws.faults import translated
from packager.destinations.aws.route import Upload, check_limits, choose_route, send, verify
from packager.model.findings import has_errors
from packager.model.publishing import LayerSpec, Published

if TYPE_CHECKING:
    from packager.core.progress import Stopwatch
    from packager.destinations.aws.clients import Aws
    from packager.model.publishing import FinishedZip
    from packager.model.targets import Budget

_VERSION_ARN = re.compile(r"(arn:[\w-]+:lambda:(?P<region>[\w-]+):\d{12}:layer:[\w-]{1,140}):(?P<version>\d+)")
_NAME = re.compile(r"[\w-]{1,140}", re.ASCII)


def publish_layer(
    package: FinishedZip,
    spec: LayerSpec,
    aws: Aws,
    *,
    budget: Budget,
    watch: Stopwatch,
    bucket: str = "",
    dry_run: bool = False,
) -> Published:
    """Publish a layer version in one region, or find that the newest one has these bytes, runtimes and architectures.

    `budget` are the target's own limits, as the catalog has them. Over a limit nothing is sent: the result is
    ``refused``, with findings. Raises ProviderFault if AWS refuses, or if it then states another CodeSha256.
    """
    where = f"layer {spec.name} in {aws.region}"
    route = choose_route(package, budget, bucket, aws.region)
    findings = tuple(check_limits(package, (), budget, route, "aws-lambda-layer"))
    result = Published(
        "layer", spec.name, aws.region, "refused", code_sha256=package.code_sha256, planned=dry_run, findings=findings
    )
    if has_errors(findings):
        return result
    with translated(where):
        newest = newest_version(aws, spec.name)
        changes = _changes(newest, spec, package)
        if not changes:
            arn, version = newest["LayerVersionArn"], str(newest["Version"])
            return replace(result, action="unchanged", arn=arn, version=version)
        result = replace(result, action="published", route=str(route), changes=changes)
        if dry_run:
            return result
        content = send(Upload(package, route, aws, watch))
        with watch.step("publish", where):
            answer = aws.lambda_client.publish_layer_version(LayerName=spec.name, Content=content, **_arguments(spec))
        verify(package, answer.get("Content", {}).get("CodeSha256", ""), answer["LayerVersionArn"])
    return replace(result, arn=answer["LayerVersionArn"], version=str(answer["Version"]))


def newest_version(aws: Aws, name: str) -> dict[str, Any]:
    """Return AWS's description of a layer's newest version, empty if it has none. Lets boto's errors through."""
    # AWS lists newest first and other implementations oldest first: the first page and a maximum suit both.
    page = aws.lambda_client.list_layer_versions(LayerName=name)
    numbers = [version["Version"] for version in page.get("LayerVersions", ())]
    if not numbers:
        return {}
    found: dict[str, Any] = aws.lambda_client.get_layer_version(LayerName=name, VersionNumber=max(numbers))
    return found


def find_version(aws: Aws, layer: str) -> dict[str, Any]:
    """Return AWS's description of the layer version an ARN or a bare name (its newest) stands for.

    Raises UsageError for an ARN without version or of another region, ProviderFault if there is no such layer.
    """
    where = f"--layer {layer}"
    match = _VERSION_ARN.fullmatch(layer)
    if match is None and not _NAME.fullmatch(layer):
        msg = "is neither a layer version's ARN nor a layer's name"
        raise UsageError(
            msg, where=where, fix="write arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION, or the bare name"
        )
    if match is not None and match["region"] != aws.region:
        msg = f"is in {match['region']}; a function in {aws.region} can only use layers of its own region"
        raise UsageError(
            msg, where=where, fix="publish the layer there too, and give its bare name: the newest is taken"
        )
    with translated(where):
        if match is not None:
            found: dict[str, Any] = aws.lambda_client.get_layer_version(
                LayerName=match[1], VersionNumber=int(match["version"])
            )
        else:
            found = newest_version(aws, layer)
    if not found:
        msg = f"there is no such layer in {aws.region}"
        raise ProviderFault(msg, where=where, fix="publish the layer first")
    return found


def _changes(newest: dict[str, Any], spec: LayerSpec, package: FinishedZip) -> tuple[str, ...]:
    """Return what the newest version lacks, empty if it is the same; order is not a difference."""
    if not newest:
        return ("new",)
    compared = {
        "code": newest.get("Content", {}).get("CodeSha256") == package.code_sha256,
        "runtimes": set(newest.get("CompatibleRuntimes", ())) == set(spec.runtimes),
        "architectures": set(newest.get("CompatibleArchitectures", ())) == set(spec.arches),
    }
    return tuple(name for name, same in compared.items() if not same)


def _arguments(spec: LayerSpec) -> dict[str, Any]:
    """Return the optional arguments that are set: AWS refuses empty ones."""
    arguments = {
        "CompatibleRuntimes": list(spec.runtimes),
        "CompatibleArchitectures": list(spec.arches),
        "Description": spec.description,
        "LicenseInfo": spec.license,
    }
    return {name: value for name, value in arguments.items() if value}
