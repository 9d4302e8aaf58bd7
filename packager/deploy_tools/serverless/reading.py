"""``serverless.yml`` → bundles: its functions, and its layers that have a recipe of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.catalog.arches import parse_arch
from packager.core.errors import ConfigError
from packager.core.unused import unused_keys
from packager.core.yamltext import read_yaml_text
from packager.model.configs import ForeignConfig
from packager.model.project import BundleSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packager.core.unused import UsedKeys
    from packager.model.targets import Arch

FILES: tuple[str, ...] = ("serverless.yml", "serverless.yaml")
_PLUGIN = "let the plugin read the resolved configuration: packager emit serverless --plugin"
_USED: UsedKeys = {
    "service": True,
    "provider": {"runtime": True, "architecture": True},
    "package": {"patterns": True},
    "custom": {"packager": {"layers": True}},
    "layers": {"*": {}},
    "functions": {
        "*": {"handler": True, "runtime": True, "architecture": True, "layers": True, "package": {"patterns": True}}
    },
}


def layer_reference(name: str) -> str:
    """Return the logical id the framework gives a layer.

    >>> layer_reference("my-engine_2")
    'MyDashengineUnderscore2LambdaLayer'
    """
    normal = name.replace("-", "Dash").replace("_", "Underscore")
    return f"{normal[:1].upper()}{normal[1:]}LambdaLayer"


def parse(text: str, file: str) -> ForeignConfig:
    """Return what a serverless.yml describes, layers first; nothing for a document that is not a service.

    Raises ConfigError for parts that are taken from elsewhere.
    """
    data = read_yaml_text(text, file)
    if "service" not in data:
        return ForeignConfig(file, (), tuple(map(str, data)))
    provider, functions = data.get("provider") or {}, data.get("functions") or {}
    for key, value in (("provider", provider), ("functions", functions)):
        if not isinstance(value, dict):
            msg = "is read from another file or given in several parts"
            raise ConfigError(msg, where=f"{file}: {key}", fix=_PLUGIN)
    recipes = ((data.get("custom") or {}).get("packager") or {}).get("layers") or {}
    layers = {layer_reference(name): name for name in data.get("layers") or {} if name in recipes}
    specs = [_layer(name, str(recipes[name]), provider, file) for name in layers.values()]
    for name, function in functions.items():
        if not isinstance(function, dict):
            raise ConfigError("is read from another file", where=f"{file}: functions.{name}", fix=_PLUGIN)  # noqa: EM101
        if "image" not in function:
            specs.append(_function(str(name), function, layers, data, file))
    return ForeignConfig(file, tuple(specs), unused_keys(data, _USED, set(_passed_over(data, recipes, layers))))


def _layer(name: str, recipe: str, provider: Mapping[str, Any], file: str) -> BundleSpec:
    return BundleSpec(
        name, "aws-lambda-layer", runtime=_value({}, provider, "runtime", f"{file}: provider"), recipe=recipe,
        arches=(_arch(_value({}, provider, "architecture", f"{file}: provider"), file),),
    )  # fmt: skip


def _function(
    name: str, function: Mapping[str, Any], layers: Mapping[str, str], data: Mapping[str, Any], file: str
) -> BundleSpec:
    provider, where = data.get("provider") or {}, f"{file}: functions.{name}"
    patterns = [(part.get("package") or {}).get("patterns") or [] for part in (data, function)]
    references = [_reference(item) for item in function.get("layers") or []]
    return BundleSpec(
        name, "aws-lambda", runtime=_value(function, provider, "runtime", where),
        arches=(_arch(_value(function, provider, "architecture", where), file),),
        handler=_value(function, provider, "handler", where),
        include=tuple(str(pattern) for listed in patterns for pattern in listed),
        layers=tuple(layers[reference] for reference in references if reference in layers),
    )  # fmt: skip


def _value(holder: Mapping[str, Any], provider: Mapping[str, Any], key: str, where: str) -> str:
    """Return a setting of a function, else that of the provider; raises ConfigError for one with a variable."""
    found = str(holder.get(key) or provider.get(key) or "")
    if "${" in found:
        msg = f"{found} can only be resolved by the Serverless Framework"
        raise ConfigError(msg, where=f"{where}.{key}", fix=_PLUGIN)
    return found


def _passed_over(data: Mapping[str, Any], recipes: Mapping[str, Any], layers: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths of layers without a recipe, recipes without a layer, images, and layers made elsewhere."""
    yield from (f"layers.{name}" for name in data.get("layers") or {} if name not in recipes)
    yield from (f"custom.packager.layers.{name}" for name in recipes if name not in layers.values())
    for name, function in (data.get("functions") or {}).items():
        if "image" in function:
            yield f"functions.{name}"
        for index, item in enumerate(function.get("layers") or []):
            if _reference(item) not in layers:
                yield f"functions.{name}.layers[{index}]"


def _reference(layer: Any) -> str:
    return str(layer.get("Ref", "")) if isinstance(layer, dict) else ""


def _arch(text: str, file: str) -> Arch:
    return parse_arch(text or "x86_64", f"{file}: architecture")
