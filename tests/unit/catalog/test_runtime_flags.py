"""The options that hosts start an interpreter with: which apply, and what takes them back."""

from __future__ import annotations

import pytest

from packager.catalog.current import load_catalog
from packager.prove.running.request import ProofRequest


def flags(name: str, runtime: str, **own: str) -> list[tuple[str, bool]]:
    system = load_catalog().target(name, runtime, "x86_64").system
    return [(flag.flag.removeprefix("--no-experimental-"), flag.sure) for flag in system.flags_of(own)]


@pytest.mark.parametrize(
    ("name", "runtime", "expected"),
    [
        ("aws-lambda", "nodejs18.x", []),
        ("aws-lambda", "nodejs20.x", [("require-module", True), ("detect-module", False)]),
        ("aws-lambda", "nodejs22.x", [("require-module", True), ("detect-module", True)]),
        ("aws-lambda", "nodejs24.x", [("require-module", True), ("detect-module", False)]),
        ("aws-lambda", "python3.12", []),
        ("netlify", "nodejs22.x", [("require-module", True), ("detect-module", True)]),
        ("vercel", "nodejs24.x", [("require-module", True), ("detect-module", False)]),
        ("google-cloud-functions", "nodejs22", [("require-module", False), ("detect-module", False)]),
    ],
)
def test_each_runtime_has_the_options_of_its_host(name: str, runtime: str, expected: list[tuple[str, bool]]) -> None:
    assert flags(name, runtime) == expected


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ("--experimental-require-module", ["detect-module"]),
        ("--enable-source-maps --experimental-detect-module --experimental-require-module", []),
        ("--no-experimental-require-module", ["require-module", "detect-module"]),
        ("", ["require-module", "detect-module"]),
    ],
)
def test_node_options_take_them_back_word_for_word(options: str, left: list[str]) -> None:
    assert [name for name, _ in flags("aws-lambda", "nodejs22.x", NODE_OPTIONS=options)] == left


def test_an_interpreter_too_old_for_an_option_is_started_without() -> None:
    target = load_catalog().target("aws-lambda", "nodejs20.x", "x86_64")
    request = ProofRequest("index.handler", target, unknown_flags=frozenset({"--no-experimental-require-module"}))
    assert request.flags == ("--no-experimental-detect-module",)
