"""One tree of errors, each with a code of its own, saying where, what and how to fix it."""

from __future__ import annotations

import pytest

import packager
from packager.core import errors
from packager.core.errors import (
    EXIT_BUG,
    EXIT_FINDINGS,
    EXIT_FINE,
    EXIT_INTERRUPTED,
    CatalogError,
    ConfigError,
    DockerFault,
    EnvironmentFault,
    GeneratorFault,
    PackagerError,
)

FAMILIES = [error for error in PackagerError.__subclasses__() if error.__module__ == errors.__name__]


def test_every_family_has_an_exit_code_of_its_own() -> None:
    codes = [family.exit_code for family in FAMILIES]

    assert sorted(codes) == [2, 3, 4, 5, 6, 7]
    assert not {*codes} & {EXIT_FINE, EXIT_FINDINGS, EXIT_BUG, EXIT_INTERRUPTED}


def test_narrower_errors_exit_like_their_family() -> None:
    assert DockerFault.exit_code == EnvironmentFault.exit_code


def test_a_broken_catalog_is_no_expected_error() -> None:
    """Code that passes over an expected error, as a trial of --fit does, must not pass over our own bug."""
    error = CatalogError("no baseline 'x'", where="platforms/y.yaml: baseline")

    assert not isinstance(error, PackagerError)
    assert str(error) == "platforms/y.yaml: baseline: no baseline 'x'"


def test_exit_codes_are_in_the_docstring_of_the_tree() -> None:
    for family in FAMILIES:
        line = next(line for line in str(errors.__doc__).splitlines() if f" {family.__name__} " in line)
        assert line.split()[2] == str(family.exit_code)


def test_a_message_says_where_what_and_how_to_fix_it() -> None:
    error = ConfigError("unknown key", where="packager.yaml: bundels", fix="did you mean 'bundles'?")

    assert str(error) == "packager.yaml: bundels: unknown key\n  fix: did you mean 'bundles'?"
    assert str(ConfigError("alone")) == "alone"


def test_a_failed_command_shows_its_last_output() -> None:
    fault = GeneratorFault("ended with exit code 1", where="generate: x", fix="see its output", output="one\ntwo")

    assert str(fault).splitlines()[-3:] == ["  last output:", "    one", "    two"]
    assert str(GeneratorFault("hung")) == "hung"


def test_the_failure_shape_of_json_holds_everything_a_message_does() -> None:
    assert GeneratorFault("hung", where="generate", fix="wait", output="waiting…").to_json() == {
        "type": "GeneratorFault",
        "exit_code": 5,
        "where": "generate",
        "message": "hung",
        "fix": "wait",
        "output": "waiting…",
    }


@pytest.mark.parametrize("name", sorted(set(packager.__all__) - {"__version__"}))
def test_every_public_name_is_there(name: str) -> None:
    assert callable(getattr(packager, name))


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'pakage'"):
        packager.pakage  # noqa: B018
