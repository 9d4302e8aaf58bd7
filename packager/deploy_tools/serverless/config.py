"""``serverless.yml`` whose functions and layers are our zips, for the Serverless Framework 3 and 4.

Source: serverless/serverless b9d7ea51c (2026-08-12): a function or layer with ``package.artifact`` is not zipped again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.core.errors import ConfigError
from packager.core.jsontext import read_json
from packager.core.merge import Merge
from packager.core.yamltext import own, read_yaml_text, write_yaml_text
from packager.deploy_tools.functions import (
    MEMORY_MB,
    TARGETS,
    TIMEOUT_SECONDS,
    aws_name,
    check_distinct,
    first_read,
    known_as,
    zip_path,
)
from packager.deploy_tools.serverless.reading import FILES, layer_reference, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from pathlib import Path

    from packager.model.configs import ForeignConfig, Order
    from packager.model.plan import Bundle

__all__ = ["FILES", "LAYERS_ALONE", "TARGETS", "TITLE", "read", "write"]
TITLE: str = "Serverless Framework"
LAYERS_ALONE: bool = False
PROGRAMS = ("serverless.ts", "serverless.js", "serverless.json", "serverless.mjs", "serverless.cjs")
PLUGIN = "serverless-packager.cjs"
"""The plugin, in the project."""


def read(root: Path) -> ForeignConfig | None:
    """Return serverless.yml as a bundle per function and per layer that has a recipe; None where there is none.

    Raises ConfigError for what only the framework can resolve: variables, and parts taken from other files.
    """
    return first_read(root, FILES, parse)


def write(order: Order) -> dict[str, str]:
    """Return serverless.yml with ``package.artifact`` per function and layer; comments and order are kept."""
    check_distinct(order, layer_reference)
    file = next((name for name in FILES if order.read(name) is not None), FILES[0])
    text = order.read(file)
    if text is None:
        _refuse_programs(order)
        return {file: write_yaml_text(_new(order))}
    data = read_yaml_text(text, file)
    merge = Merge(file, order.force)
    merge.require(merge.section(data, "package"), {"individually": True})
    keep_esbuild_away(order, data, merge)
    provider = merge.section(data, "provider")
    for bundle in order.bundles:
        if bundle.kind == "layer":
            _layer(merge.section(data, "layers"), order, bundle, merge)
        else:
            functions = _functions(data, merge)
            handlers = {str(key): _handler(value) for key, value in functions.items()}
            name = known_as(order, bundle, bundle.name, handlers)
            _function(functions, name, provider, order, bundle, merge)
    merge.finish()
    return {file: write_yaml_text(data, text) if merge.changed else text}


def keep_esbuild_away(order: Order, data: MutableMapping[str, Any], merge: Merge) -> None:
    """See to it that version 4 does not bundle handlers itself: TypeScript it would, and all where it is told to.

    The version is that of the file, else the one package.json installs; version 3 knows no such key.
    """
    if _major(order, data) == "4":
        merge.require(merge.section(data, "build"), {"esbuild": False}, "build")


def _major(order: Order, data: Mapping[str, Any]) -> str:
    package = read_json(order.read("package.json"), "package.json")
    installed = {**(package.get("dependencies") or {}), **(package.get("devDependencies") or {})}
    return str(data.get("frameworkVersion") or installed.get("serverless", "")).lstrip("^~>=v ")[:1]


def _refuse_programs(order: Order) -> None:
    for name in PROGRAMS:
        if order.read(name) is not None:
            msg = "is a program or JSON, which cannot be edited without losing some of its content"
            raise ConfigError(msg, where=name, fix="use the plugin: packager emit serverless --plugin")


def _new(order: Order) -> dict[str, Any]:
    functions = [bundle for bundle in order.bundles if bundle.kind != "layer"]
    layers = [bundle for bundle in order.bundles if bundle.kind == "layer"]
    first = (functions or layers)[0]
    provider = {
        "name": "aws",
        "runtime": first.target.runtime,
        "architecture": first.target.arch,
        "memorySize": MEMORY_MB,
        "timeout": TIMEOUT_SECONDS,
    }
    data: dict[str, Any] = {"service": order.name, "provider": provider, "package": {"individually": True}}
    keep_esbuild_away(order, data, Merge(FILES[0]))
    if layers:
        data["layers"] = {aws_name(bundle): _layer_fields(order, bundle) for bundle in layers}
    data["functions"] = {aws_name(bundle): _function_fields(order, bundle, provider) for bundle in functions}
    return data


def _layer_fields(order: Order, bundle: Bundle) -> dict[str, Any]:
    return {
        # Asked for by the framework's schema and used for nothing once there is an artifact.
        "path": order.out,
        "package": {"artifact": zip_path(order, bundle)},
        "compatibleRuntimes": [bundle.target.runtime],
        "compatibleArchitectures": [bundle.target.arch],
    }


def _function_fields(order: Order, bundle: Bundle, provider: MutableMapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {"handler": bundle.handler}
    if provider.get("runtime", bundle.target.runtime) != bundle.target.runtime:
        fields["runtime"] = bundle.target.runtime
    if provider.get("architecture", "x86_64") != bundle.target.arch:
        fields["architecture"] = bundle.target.arch
    fields["package"] = {"artifact": zip_path(order, bundle)}
    if bundle.layers or bundle.layer_arns:
        fields["layers"] = [*({"Ref": layer_reference(name)} for name in bundle.layers), *bundle.layer_arns]
    if bundle.environment:
        fields["environment"] = {name: f"${{env:{name}}}" for name, _ in bundle.environment}
    return fields


def _layer(layers: MutableMapping[str, Any], order: Order, bundle: Bundle, merge: Merge) -> None:
    layer = merge.section(layers, aws_name(bundle))
    fields = _layer_fields(order, bundle)
    merge.require(layer, {"package": fields.pop("package")}, f"layers.{bundle.name}")
    merge.default(layer, fields)


def _function(
    functions: MutableMapping[str, Any],
    name: str,
    provider: MutableMapping[str, Any],
    order: Order,
    bundle: Bundle,
    merge: Merge,
) -> None:
    function = merge.section(functions, aws_name(bundle) if name == bundle.name else name)
    fields = _function_fields(order, bundle, provider)
    references = fields.pop("layers", [])
    environment = fields.pop("environment", {})
    own(function, "package")
    own(function, "layers")
    merge.require(function, fields, f"functions.{name}")
    if environment:
        own(function, "environment")
        merge.default(merge.section(function, "environment"), environment)
    listed = function.get("layers") or []
    if not isinstance(listed, list):
        raise ConfigError("expected a list", where=f"{merge.file}: functions.{name}.layers")  # noqa: EM101
    missing = [reference for reference in references if reference not in listed]
    if missing:
        if listed:
            listed.extend(missing)
        else:
            function["layers"] = missing
        merge.changed = True


def _functions(data: MutableMapping[str, Any], merge: Merge) -> MutableMapping[str, Any]:
    """Return the mapping of functions. Raises ConfigError for lists, which may include whole files."""
    if isinstance(data.get("functions"), list):
        msg = "is a list, which may take functions from other files"
        fix = "write one mapping, or use the plugin: packager emit serverless --plugin"
        raise ConfigError(msg, where=f"{merge.file}: functions", fix=fix)
    return merge.section(data, "functions")


def _handler(function: Any) -> str:
    return str(function.get("handler", "")) if isinstance(function, dict) else ""
