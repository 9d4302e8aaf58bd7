"""What is loaded before a function's own code, by its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.inventory.tree import scan_tree
from packager.select.trace.preloads import Preloads, preloads
from tests.support.fakes import make_bundle
from tests.support.stages import trace_inputs
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Preloads()),
        ({"NODE_OPTIONS": "--enable-source-maps --max-old-space-size=100"}, Preloads()),
        ({"NODE_OPTIONS": "-r dd-trace/init --import=@acme/register"}, Preloads(("dd-trace/init", "@acme/register"))),
        ({"NODE_OPTIONS": "--require ./lib/first"}, Preloads(files=("lib/first.js",))),
        ({"NODE_OPTIONS": "--import file:///var/task/lib/first.js"}, Preloads(files=("lib/first.js",))),
        ({"NODE_OPTIONS": '--require "./a b.js"'}, Preloads(files=("a b.js",))),
        ({"NODE_OPTIONS": "--require /opt/first.js"}, Preloads(elsewhere=("/opt/first.js",))),
        ({"AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel-handler"}, Preloads(elsewhere=("/opt/otel-handler",))),
        ({"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/start.sh"}, Preloads()),
    ],
)
def test_options_of_node_and_wrappers_are_read(tmp_path: Path, environment: dict[str, str], expected: Preloads) -> None:
    inventory, graph = scan_tree(write_tree(tmp_path, {"lib/first.js": "", "a b.js": ""}), {})
    given = tuple(environment.items())
    assert preloads(trace_inputs(inventory, graph, make_bundle(), environment=given)) == expected
