"""The layers beneath a function: which are meant, and whether they go together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.languages.registry import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.plan import Bundle
    from packager.model.project import BundleSpec, Project
    from packager.model.targets import Arch


_ARN = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d+:layer:[\w-]+:\d+")


def layers_beneath(
    spec: BundleSpec, arch: Arch, where: str, project: Project
) -> tuple[tuple[str, ...], tuple[Path, ...], tuple[str, ...]]:
    """Return (names of bundles of this plan, finished zips from elsewhere, ARNs of layers that are nowhere here).

    Raises ConfigError for what is none of these.
    """
    names: list[str] = []
    files: list[Path] = []
    arns: list[str] = []
    specs = {other.name: other for other in project.bundles}
    for item in spec.layers:
        path = project.root / item
        if item in specs:
            other = specs[item]
            if arch not in other.arches:
                msg = f"layer {item} is not built for {arch}"
                raise ConfigError(msg, where=f"{where}.layers", fix=f"add {arch} to bundles.{item}.arch")
            names.append(item if len(other.arches) == 1 else f"{item}-{arch}")
        elif item.endswith(".zip") and path.is_file():
            files.append(path)
        elif _ARN.fullmatch(item):
            arns.append(item)
        else:
            msg = f"{item!r} is neither a bundle of this project nor a zip file, nor the ARN of a layer's version"
            raise ConfigError(msg, where=f"{where}.layers", fix=f"use one of: {', '.join(specs)}")
    return tuple(names), tuple(files), tuple(arns)


def check_layers(bundles: list[Bundle]) -> None:
    """Raise ConfigError for what is mounted as a layer and is none, or is one of another language."""
    known = {bundle.name: bundle for bundle in bundles}
    for bundle in bundles:
        for name in bundle.layers:
            layer = known[name]
            if layer.kind != "layer":
                msg = f"{name} is not a layer"
                fix = f"set bundles.{name}.target: aws-lambda-layer"
                raise ConfigError(msg, where=f"bundles.{bundle.name}.layers", fix=fix)
            of_one = LANGUAGES[layer.target.language].layer_folder  # empty: any runtime may make use of it
            if of_one and layer.target.language != bundle.target.language:
                msg = f"layer {name} is for {layer.target.runtime}, the function for {bundle.target.runtime}"
                raise ConfigError(msg, where=f"bundles.{bundle.name}.layers")
