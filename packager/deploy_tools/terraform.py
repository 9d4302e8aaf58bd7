"""``packager.tf.json`` for Terraform and OpenTofu: functions and layers whose code is our zips.

The hash is read from the manifest beside each zip when Terraform plans, so this file need not change with the code.
Source: Terraform's JSON configuration syntax; hashicorp/aws resources aws_lambda_function, aws_lambda_layer_version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packager.core.jsontext import read_json, write_json
from packager.core.merge import Merge
from packager.deploy_tools.functions import MEMORY_MB, TARGETS, TIMEOUT_SECONDS, aws_name, check_distinct

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.configs import Order
    from packager.model.plan import Bundle

__all__ = ["FILES", "LAYERS_ALONE", "TARGETS", "TITLE", "read", "write"]
FILE = "packager.tf.json"
TITLE: str = "Terraform"
FILES: tuple[str, ...] = ()
LAYERS_ALONE: bool = True
ROLE = "packager_role_arn"


def read(root: Path) -> None:
    """Return nothing: modules and expressions are known only to Terraform itself."""


def write(order: Order) -> dict[str, str]:
    """Return packager.tf.json. Role and variables' values are Terraform variables: nothing secret is written."""
    check_distinct(order, label)
    text = order.read(FILE)
    data = read_json(text, FILE)
    merge = Merge(FILE, order.force)
    variables: dict[str, Any] = {ROLE: {"type": "string", "description": "Role the functions run as"}}
    for bundle in order.bundles:
        for name, _ in bundle.environment:
            variables[name.lower()] = {"type": "string", "sensitive": True}
        kind = "aws_lambda_layer_version" if bundle.kind == "layer" else "aws_lambda_function"
        needed, wished = _layer(order, bundle) if bundle.kind == "layer" else _function(order, bundle)
        resources = merge.section(merge.section(data, "resource"), kind)
        resource = merge.section(resources, label(bundle.name))
        merge.require(resource, needed, f"resource.{kind}.{label(bundle.name)}")
        merge.default(resource, wished)
    merge.default(merge.section(data, "variable"), variables)
    merge.finish()
    return {FILE: write_json(data, text) if merge.changed or text is None else text}


def label(name: str) -> str:
    """Return a bundle's name as Terraform takes it.

    >>> label("2.api")
    '_2_api'
    """
    text = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return text if text[:1].isalpha() or text[:1] == "_" else f"_{text}"


def _zip(order: Order, bundle: Bundle) -> dict[str, Any]:
    beside = f"${{path.module}}/{order.out}/{bundle.name}"
    manifest = f"{beside}.manifest.json"
    return {
        "filename": f"{beside}.zip",
        "source_code_hash": f'${{jsondecode(file("{manifest}")).artifact.code_sha256}}',
    }


def _layer(order: Order, bundle: Bundle) -> tuple[dict[str, Any], dict[str, Any]]:
    needed = {
        **_zip(order, bundle),
        "compatible_runtimes": [bundle.target.runtime],
        "compatible_architectures": [bundle.target.arch],
    }
    return needed, {"layer_name": aws_name(bundle)}


def _function(order: Order, bundle: Bundle) -> tuple[dict[str, Any], dict[str, Any]]:
    needed = {
        **_zip(order, bundle),
        "handler": bundle.handler,
        "runtime": bundle.target.runtime,
        "architectures": [bundle.target.arch],
    }
    wished: dict[str, Any] = {
        "function_name": aws_name(bundle),
        "role": f"${{var.{ROLE}}}",
        "memory_size": MEMORY_MB,
        "timeout": TIMEOUT_SECONDS,
    }
    layers = [*(f"${{aws_lambda_layer_version.{label(name)}.arn}}" for name in bundle.layers), *bundle.layer_arns]
    if layers:
        wished["layers"] = layers
    if bundle.environment:
        wished["environment"] = {"variables": {name: f"${{var.{name.lower()}}}" for name, _ in bundle.environment}}
    return needed, wished
