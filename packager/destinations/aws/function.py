"""A function zip → a function's code and configuration, changed only where they differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packager.core.errors import ArtifactError, ProviderFault, UsageError
from packager.destinations.aws.faults import error_code, translated
from packager.destinations.aws.layer import find_version
from packager.destinations.aws.route import Upload, check_limits, choose_route, send, verify
from packager.model.findings import Finding, has_errors
from packager.model.publishing import FinishedZip, FunctionSpec, Published
from packager.publish.package import read_package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.core.progress import Stopwatch
    from packager.destinations.aws.clients import Aws
    from packager.model.targets import Budget

_SETTLED = {"Delay": 1, "MaxAttempts": 300}
"""Seconds between looks, and how many: updates with many layers take tens of seconds."""


def publish_function(
    package: FinishedZip,
    spec: FunctionSpec,
    aws: Aws,
    *,
    budget: Budget,
    watch: Stopwatch,
    bucket: str = "",
    dry_run: bool = False,
) -> Published:
    """Bring one function's code, runtime, handler, layers and variables to what `spec` says, in one region.

    Over a limit (counted with its layers) nothing is sent: the result is ``refused``, with findings. Configuration
    goes first, so that new code never meets the old layers. Raises ProviderFault if AWS refuses or states another
    CodeSha256.
    """
    where = f"function {spec.name} in {aws.region}"
    route = choose_route(package, budget, bucket, aws.region)
    with translated(where):
        current = _configuration(aws, spec.name)
        layers = [find_version(aws, layer) for layer in spec.layers]
        _check_built_with(spec, layers, aws.region)
        arns = [layer["LayerVersionArn"] for layer in layers]
        mounted = layers or [find_version(aws, layer["Arn"]) for layer in current.get("Layers", ())]
        sizes, findings = _weigh_layers(package, mounted)
        findings += check_limits(package, sizes, budget, route, "aws-lambda")
        result = Published(
            "function",
            spec.name,
            aws.region,
            "refused",
            code_sha256=package.code_sha256,
            planned=dry_run,
            findings=tuple(findings),
        )
        if has_errors(findings):
            return result
        upload = Upload(package, route, aws, watch)
        if current:
            return _update(upload, spec, arns, current, result)
        return _create(upload, spec, arns, result)


def _check_built_with(spec: FunctionSpec, layers: Sequence[dict[str, Any]], region: str) -> None:
    """Raise ProviderFault if a layer's newest version has other bytes than the function was built and proved with."""
    for name, layer, wanted in zip(spec.layers, layers, spec.built_with, strict=False):
        if layer.get("Content", {}).get("CodeSha256") != wanted:
            msg = f"its newest version ({layer['Version']}) is not the layer that {spec.name} was built with"
            fix = "publish that layer's zip first, or name a suitable version with --layer ARN"
            raise ProviderFault(msg, where=f"layer {name} in {region}", fix=fix)


def _configuration(aws: Aws, name: str) -> dict[str, Any]:
    """Return the function's configuration, empty if there is no such function."""
    from botocore.exceptions import ClientError

    try:
        found: dict[str, Any] = aws.lambda_client.get_function_configuration(FunctionName=name)
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return {}
        raise
    return found


def _create(upload: Upload, spec: FunctionSpec, arns: list[str], result: Published) -> Published:
    where = f"function {spec.name} in {result.region}"
    if not spec.create:
        msg = "there is no such function"
        raise ProviderFault(msg, where=where, fix="check name and region, or add --create --role ARN to create it")
    missing = [word for word in ("role", "runtime", "handler") if not getattr(spec, word)]
    if missing:
        msg = f"cannot be created without {' and '.join(missing)}"
        raise UsageError(msg, where=where, fix=f"give {' '.join(f'--{word}' for word in missing)}")
    result = replace(result, action="created", version="$LATEST", route=str(upload.route), changes=("new",))
    if result.planned:
        return result
    code = send(upload)
    wanted = {
        "Layers": arns,
        "Environment": {"Variables": dict(spec.environment)} if spec.environment else {},
        "Architectures": [spec.arch] if spec.arch else [],
    }
    client = upload.aws.lambda_client
    with upload.watch.step("publish", where):
        answer = client.create_function(
            FunctionName=spec.name,
            Runtime=spec.runtime,
            Handler=spec.handler,
            Role=spec.role,
            Code=code,
            **{name: value for name, value in wanted.items() if value},
        )
        verify(upload.package, answer.get("CodeSha256", ""), answer["FunctionArn"])
        client.get_waiter("function_active").wait(FunctionName=spec.name, WaiterConfig=_SETTLED)
    return replace(result, arn=answer["FunctionArn"])


def _update(
    upload: Upload, spec: FunctionSpec, arns: list[str], current: dict[str, Any], result: Published
) -> Published:
    where = f"function {spec.name} in {result.region}"
    if current.get("PackageType", "Zip") != "Zip":
        msg = "runs a container image; a zip cannot replace it"
        raise ProviderFault(msg, where=where, fix="publish to another function name")
    settings = _settings(current, spec, arns)
    code_changes = _code_changes(current, spec, upload.package)
    result = replace(
        result,
        action="updated" if settings or code_changes else "unchanged",
        arn=current["FunctionArn"],
        version="$LATEST",
        route=str(upload.route) if code_changes else "",
        changes=(*settings, *code_changes),
    )
    if result.planned or result.unchanged:
        return result
    code = send(upload) if code_changes else {}
    client = upload.aws.lambda_client
    settled = client.get_waiter("function_updated")
    with upload.watch.step("publish", where):
        # AWS refuses an update while another one is under way, our own first half included.
        settled.wait(FunctionName=spec.name, WaiterConfig=_SETTLED)
        if settings:
            client.update_function_configuration(FunctionName=spec.name, **settings)
            settled.wait(FunctionName=spec.name, WaiterConfig=_SETTLED)
        if code:
            arches = {"Architectures": [spec.arch]} if spec.arch else {}
            answer = client.update_function_code(FunctionName=spec.name, **code, **arches)
            verify(upload.package, answer.get("CodeSha256", ""), result.arn)
            settled.wait(FunctionName=spec.name, WaiterConfig=_SETTLED)
    return result


def _code_changes(current: dict[str, Any], spec: FunctionSpec, package: FinishedZip) -> tuple[str, ...]:
    """Return why the code must be sent, empty if it need not be. The architecture can only change with the code."""
    reasons = []
    if current.get("CodeSha256") != package.code_sha256:
        reasons.append("Code")
    if spec.arch and current.get("Architectures", ["x86_64"]) != [spec.arch]:
        reasons.append("Architectures")
    return tuple(reasons)


def _settings(current: dict[str, Any], spec: FunctionSpec, arns: list[str]) -> dict[str, Any]:
    """Return the arguments of an UpdateFunctionConfiguration that changes what differs, and nothing else."""
    settings: dict[str, Any] = {}
    if spec.runtime and spec.runtime != current.get("Runtime"):
        settings["Runtime"] = spec.runtime
    if spec.handler and spec.handler != current.get("Handler"):
        settings["Handler"] = spec.handler
    if arns and arns != [layer["Arn"] for layer in current.get("Layers", ())]:
        settings["Layers"] = arns
    environment = current.get("Environment", {})
    if spec.environment and environment.get("Error"):
        # AWS replaces all variables at once: merging into ones we may not read would delete them.
        msg = f"its variables cannot be read, so none can be set: {environment['Error'].get('Message', '')}"
        raise ProviderFault(msg, where=f"function {spec.name}", fix="allow kms:Decrypt on its key, or remove --env")
    variables = environment.get("Variables", {})
    merged = {**variables, **dict(spec.environment)}
    if merged != variables:
        settings["Environment"] = {"Variables": merged}
    return settings


def _weigh_layers(package: FinishedZip, layers: Sequence[dict[str, Any]]) -> tuple[list[int], list[Finding]]:
    """Return each layer's unzipped size, and a note for each that is only known from below.

    AWS tells a layer's zipped size only. The true one is read from the layer's own zip where that lies beside the
    function's (same length and CodeSha256); else the zipped size counts: hardly a layer unzips to less.
    """
    sizes, findings = [], []
    for layer in layers:
        content = layer.get("Content", {})
        zipped_bytes = int(content.get("CodeSize", 0))
        beside = _find_beside(package, zipped_bytes, content.get("CodeSha256", ""))
        sizes.append(beside.unzipped_bytes if beside else zipped_bytes)
        if beside is None:
            message = f"AWS does not tell its unzipped size; counted with its {zipped_bytes} zipped bytes"
            fix = "put the layer's zip beside the function's to have it counted exactly"
            findings.append(Finding("SIZE003", "note", layer["LayerVersionArn"], message, fix))
    return sizes, findings


def _find_beside(package: FinishedZip, zipped_bytes: int, code_sha256: str) -> FinishedZip | None:
    for path in sorted(package.path.parent.glob("*.zip")):
        try:
            if path != package.path and path.stat().st_size == zipped_bytes:
                found = read_package(path)
                if found.code_sha256 == code_sha256:
                    return found
        except (OSError, ArtifactError):
            continue  # a neighbour that cannot be read is not the layer in question
    return None
