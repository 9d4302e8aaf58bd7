"""What a layer of engines carries: the packages a recipe names, and of an app nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.inventory.tree import scan_tree
from tests.support.fakes import make_bundle
from tests.support.stages import ruled
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

APP = {
    "package.json": package_json(dependencies={"a": "1"}),
    "node_modules/a/package.json": package_json("a"),
    "lib/own.js": "",
    "bin/start": "#!/bin/sh\n",
}


@pytest.mark.parametrize(("files", "kept"), [({}, False), ({"layer.yaml": "packages: [a]\n"}, True)])
def test_lib_and_bin_are_the_recipes_own_or_stay_out(tmp_path: Path, files: dict[str, str], kept: bool) -> None:
    write_tree(tmp_path, {**APP, **files})
    inventory, graph = scan_tree(tmp_path, {})
    layer = make_bundle(target="aws-lambda-layer", recipe="mine", packages=("a",))

    chosen = {choice.file.path: choice.kept for choice in ruled(inventory, graph, layer).choices}

    assert chosen["node_modules/a/package.json"]
    assert (chosen["lib/own.js"], chosen["bin/start"]) == (kept, kept)
