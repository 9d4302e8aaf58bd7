"""``packager-cdk.ts`` for the AWS CDK: one function that adds our layers and functions to a stack.

A ``.zip`` asset is uploaded as it is. Source: aws-cdk-lib, aws-lambda: Code.fromAsset, LayerVersion, Function.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from packager.deploy_tools.functions import (
    MEMORY_MB,
    TARGETS,
    TIMEOUT_SECONDS,
    check_distinct,
    identifier,
    same_text,
    zip_path,
)

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.configs import Order
    from packager.model.plan import Bundle

__all__ = ["FILES", "LAYERS_ALONE", "TARGETS", "TITLE", "read", "write"]
FILE = "packager-cdk.ts"
TITLE: str = "AWS CDK"
FILES: tuple[str, ...] = ()
LAYERS_ALONE: bool = True
_HEAD = """\
// Written by `packager emit cdk`. In your stack: const { functions } = addPackagerFunctions(this)
import { Duration } from 'aws-cdk-lib'
import * as lambda from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'

export function addPackagerFunctions(scope: Construct, environment: Record<string, Record<string, string>> = {}) {
  const layers: Record<string, lambda.LayerVersion> = {}
  const functions: Record<string, lambda.Function> = {}
"""


def read(root: Path) -> None:
    """Return nothing: a stack is a program, and what it makes is known only when it runs."""


def write(order: Order) -> dict[str, str]:
    """Return the source file. Raises ConfigError with a diff where the file was edited."""
    check_distinct(order, identifier)
    body = "".join(
        _layer(order, bundle) if bundle.kind == "layer" else _function(order, bundle) for bundle in order.bundles
    )
    return {FILE: same_text(order, FILE, f"{_HEAD}{body}  return {{ layers, functions }}\n}}\n")}


def _layer(order: Order, bundle: Bundle) -> str:
    name = json.dumps(bundle.name)
    return (
        f"  layers[{name}] = new lambda.LayerVersion(scope, {json.dumps(identifier(bundle.name))}, {{\n"
        f"    code: lambda.Code.fromAsset({json.dumps(zip_path(order, bundle))}),\n"
        f"    compatibleRuntimes: [{_runtime(bundle)}],\n"
        f"    compatibleArchitectures: [{_architecture(bundle)}],\n"
        "  })\n"
    )


def _function(order: Order, bundle: Bundle) -> str:
    name = json.dumps(bundle.name)
    others = [
        f"lambda.LayerVersion.fromLayerVersionArn(scope, {json.dumps(f'{identifier(bundle.name)}Layer{number}')}, "
        f"{json.dumps(arn)})"
        for number, arn in enumerate(bundle.layer_arns, 1)
    ]
    used = ", ".join([*(f"layers[{json.dumps(layer)}]" for layer in bundle.layers), *others])
    return (
        f"  functions[{name}] = new lambda.Function(scope, {json.dumps(identifier(bundle.name))}, {{\n"
        f"    code: lambda.Code.fromAsset({json.dumps(zip_path(order, bundle))}),\n"
        f"    handler: {json.dumps(bundle.handler)},\n"
        f"    runtime: {_runtime(bundle)},\n"
        f"    architecture: {_architecture(bundle)},\n"
        f"    memorySize: {MEMORY_MB},\n"
        f"    timeout: Duration.seconds({TIMEOUT_SECONDS}),\n"
        f"    environment: environment[{name}],\n" + (f"    layers: [{used}],\n" if used else "") + "  })\n"
    )


def _runtime(bundle: Bundle) -> str:
    from packager.languages.registry import LANGUAGES

    # By name, so that a runtime newer than the installed library works, too.
    family = LANGUAGES[bundle.target.language].cdk_family
    return f"new lambda.Runtime({json.dumps(bundle.target.runtime)}, lambda.RuntimeFamily.{family})"


def _architecture(bundle: Bundle) -> str:
    return f"lambda.Architecture.{'ARM_64' if bundle.target.arch == 'arm64' else 'X86_64'}"
