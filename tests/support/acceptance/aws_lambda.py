"""``aws-lambda``: the emitted template before SAM and cfn-lint, the zips before Lambda's Runtime API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.cli import packager
from tests.support.hosts import python_tools, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.acceptance import Built

TOOL = "sam validate --lint, cfn-lint"
PYPI = ("aws-sam-cli", "cfn-lint", "python-hcl2")
QUIET = {"AWS_DEFAULT_REGION": "eu-west-1", "SAM_CLI_TELEMETRY": "0"}


def accept(made: Built, scratch: Path) -> None:
    """Emit the template into the project and have both read it."""
    ran = packager("emit", "sam", made.folder)
    assert ran.code == 0, ran.stderr
    validate(made.folder)


def validate(project: Path) -> None:
    """Have both tools read a project's template.yaml."""
    tools = python_tools(*PYPI)
    run([str(tools / "sam"), "validate", "--lint", "--template", "template.yaml"], project, QUIET)
    run([str(tools / "cfn-lint"), "--regions", "eu-west-1", "--", "template.yaml"], project, QUIET)


def answer(made: Built, scratch: Path) -> str:
    """Call the function with its layer mounted, as the sample's expected.json says it answers."""
    ran = packager(
        "prove", made.dist / "api.zip", "--layer", made.dist / "prisma.zip",
        "--event", made.folder / "event.json", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.stdout + ran.stderr
    response = ran.json()["response"]
    wanted = json.loads((made.folder / "expected.json").read_text())["response"]
    users = json.loads(response["body"])
    assert (response["statusCode"], users) == (wanted["statusCode"], wanted["body"])
    return f"{response['statusCode']} {json.dumps(users[0]['email'])}"
