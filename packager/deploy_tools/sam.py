"""``template.yaml`` for AWS SAM, its code and layer content our zips.

``SkipBuild`` keeps ``sam build`` away from what is built already. Source: the SAM specification; aws/aws-sam-cli
fe8f8dbb1 (2026-07-22).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.catalog.arches import parse_arch
from packager.core.errors import ConfigError
from packager.core.merge import Merge
from packager.core.unused import unused_keys
from packager.core.yamltext import read_yaml_text, write_yaml_text
from packager.deploy_tools.functions import (
    MEMORY_MB,
    TARGETS,
    TIMEOUT_SECONDS,
    aws_name,
    check_distinct,
    first_read,
    identifier,
    known_as,
    zip_path,
)
from packager.model.configs import ForeignConfig
from packager.model.project import BundleSpec

if TYPE_CHECKING:
    from pathlib import Path

    from packager.core.unused import UsedKeys
    from packager.model.configs import Order
    from packager.model.plan import Bundle

__all__ = ["FILES", "LAYERS_ALONE", "TARGETS", "TITLE", "read", "write"]
TITLE: str = "AWS SAM"
FILES: tuple[str, ...] = ("template.yaml", "template.yml")
LAYERS_ALONE: bool = True
TRANSFORM = "AWS::Serverless-2016-10-31"
FUNCTION, LAYER = "AWS::Serverless::Function", "AWS::Serverless::LayerVersion"


_FUNCTION_USED: UsedKeys = dict.fromkeys(
    ("Runtime", "Handler", "Architectures", "CodeUri", "PackageType", "InlineCode"), True
)
_USED: UsedKeys = {
    "Globals": {"Function": _FUNCTION_USED},
    "Resources": {"*": {"Type": True, "Properties": _FUNCTION_USED}},
}


def read(root: Path) -> ForeignConfig | None:
    """Return the template as a bundle per function; None where there is no template.

    Functions of images and inline code are passed over. Raises ConfigError for code outside the project.
    """
    return first_read(root, FILES, _parse)


def _parse(text: str, file: str) -> ForeignConfig:
    data = read_yaml_text(text, file)
    common = (data.get("Globals") or {}).get("Function") or {}
    specs, skipped = [], set()
    for name, resource in (data.get("Resources") or {}).items():
        at = f"Resources.{name}"
        if not isinstance(resource, dict) or resource.get("Type") != FUNCTION:
            skipped.add(at)
            continue
        properties = {**common, **(resource.get("Properties") or {})}
        if properties.get("PackageType") == "Image" or "InlineCode" in properties:
            skipped.add(at)
            continue
        code = str(properties.get("CodeUri") or ".")
        if code.rstrip("/") not in (".", "") and not code.endswith(".zip"):
            msg = f"its code lies in {code}, which is a project of its own"
            fix = f"build that folder: packager build {code}, or write a packager.yaml"
            raise ConfigError(msg, where=f"{file}: {at}.CodeUri", fix=fix)
        arches = properties.get("Architectures") or ["x86_64"]
        skipped |= {f"{at}.Properties.Architectures[{index}]" for index in range(1, len(arches))}
        specs.append(
            BundleSpec(
                str(name), "aws-lambda", runtime=str(properties.get("Runtime") or ""),
                handler=str(properties.get("Handler") or ""),
                arches=(parse_arch(str(arches[0]) or "x86_64", f"{file}: architecture"),),
            )
        )  # fmt: skip
    return ForeignConfig(file, tuple(specs), unused_keys(data, _USED, skipped))


def write(order: Order) -> dict[str, str]:
    """Return the template with a resource per bundle; the user's comments, tags and other resources are kept."""
    check_distinct(order, identifier)
    file = next((name for name in FILES if order.read(name) is not None), FILES[0])
    text = order.read(file)
    data = read_yaml_text(text, file) if text is not None else {"AWSTemplateFormatVersion": "2010-09-09"}
    merge = Merge(file, order.force)
    _transform(data, merge)
    resources = merge.section(data, "Resources")
    ids = {bundle.name: _resource(order, resources, bundle) for bundle in order.bundles}
    for bundle in order.bundles:
        resource = merge.section(resources, ids[bundle.name])
        at = f"Resources.{ids[bundle.name]}"
        merge.require(resource, {"Type": LAYER if bundle.kind == "layer" else FUNCTION}, at)
        merge.require(resource, {"Metadata": {"SkipBuild": True}}, at)
        needed, wished = _properties(order, bundle, ids)
        properties = merge.section(resource, "Properties")
        merge.require(properties, needed, f"{at}.Properties")
        merge.default(properties, wished)
    merge.finish()
    return {file: write_yaml_text(data, text or "") if merge.changed or text is None else text}


def _transform(data: Any, merge: Merge) -> None:
    given = data.get("Transform")
    listed = given if isinstance(given, list) else [given] if given else []
    if TRANSFORM not in listed:
        data["Transform"] = TRANSFORM if not listed else [*listed, TRANSFORM]
        merge.changed = True


def _resource(order: Order, resources: Any, bundle: Bundle) -> str:
    """Return the logical id of a bundle: that of the only function with its handler, else one made of its name."""
    if bundle.kind == "layer":
        return identifier(bundle.name)
    handlers = {
        str(name): str(properties.get("Handler", ""))
        for name, resource in resources.items()
        if isinstance(resource, dict)
        and resource.get("Type") == FUNCTION
        and isinstance(properties := resource.get("Properties", {}), dict)
    }
    return known_as(order, bundle, identifier(bundle.name), handlers)


def _properties(order: Order, bundle: Bundle, ids: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (what must be so, what is added where nothing is said)."""
    if bundle.kind == "layer":
        needed: dict[str, Any] = {
            "ContentUri": zip_path(order, bundle),
            "CompatibleRuntimes": [bundle.target.runtime],
            "CompatibleArchitectures": [bundle.target.arch],
        }
        return needed, {"LayerName": aws_name(bundle)}
    needed = {
        "CodeUri": zip_path(order, bundle),
        "Handler": bundle.handler,
        "Runtime": bundle.target.runtime,
        "Architectures": [bundle.target.arch],
    }
    missing = [name for name in bundle.layers if name not in ids]
    if missing:
        msg = f"layer {missing[0]} is not in the same configuration"
        raise ConfigError(msg, where=f"bundles.{bundle.name}.layers")
    wished: dict[str, Any] = {"MemorySize": MEMORY_MB, "Timeout": TIMEOUT_SECONDS}
    if bundle.layers or bundle.layer_arns:
        wished["Layers"] = [*({"Ref": ids[name]} for name in bundle.layers), *bundle.layer_arns]
    if bundle.environment:
        # Names only: the values are the deployment's, and often secret.
        wished["Environment"] = {"Variables": {name: "" for name, _ in bundle.environment}}
    return needed, wished
