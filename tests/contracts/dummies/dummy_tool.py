"""``dummy-tool.yaml``: the configuration of a deployment tool for AWS Lambda that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.catalog.arches import parse_arch
from packager.core.document import read_text
from packager.core.merge import Merge
from packager.core.unused import unused_keys
from packager.core.yamltext import read_yaml_text, write_yaml_text
from packager.deploy_tools.functions import TARGETS, zip_path
from packager.model.configs import ForeignConfig
from packager.model.project import BundleSpec

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.configs import Order

__all__ = ["FILES", "LAYERS_ALONE", "TARGETS", "TITLE", "read", "write"]
FILE = "dummy-tool.yaml"
TITLE: str = "Dummy Tool"
FILES: tuple[str, ...] = (FILE,)
LAYERS_ALONE: bool = False


def read(root: Path) -> ForeignConfig | None:
    """Return a bundle per function."""
    text = read_text(root, FILE)
    if text is None:
        return None
    data = read_yaml_text(text, FILE)
    specs = tuple(
        BundleSpec(
            str(name), "aws-lambda", runtime=str(function.get("runtime", "")), handler=str(function.get("handler", "")),
            arches=(parse_arch(str(function.get("arch", "x86_64")), FILE),),
        )
        for name, function in (data.get("functions") or {}).items()
    )  # fmt: skip
    return ForeignConfig(
        FILE, specs, unused_keys(data, {"functions": {"*": {"runtime": True, "handler": True, "arch": True}}})
    )


def write(order: Order) -> dict[str, str]:
    """Return dummy-tool.yaml with a function per bundle."""
    text = order.read(FILE)
    data = read_yaml_text(text or "", FILE)
    merge = Merge(FILE, order.force)
    functions = merge.section(data, "functions")
    for bundle in order.bundles:
        if bundle.kind == "function":
            needed = {
                "runtime": bundle.target.runtime,
                "handler": bundle.handler,
                "arch": bundle.target.arch,
                "zip": zip_path(order, bundle),
            }
            merge.require(merge.section(functions, bundle.name), needed, f"functions.{bundle.name}")
    merge.finish()
    return {FILE: write_yaml_text(data, text or "") if merge.changed or text is None else text}
