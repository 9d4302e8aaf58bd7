"""The samples before their hosts' own tools: what `python -m samples.table` prints, and the tests require.

A module per sample: `TOOL` is the tool that has to accept what was built, `accept` has it do so, `answer` asks the
result a request as the host would. A refusal is an AssertionError with what the tool said.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from tests.support.cli import packager, sample
from tests.support.hosts import digest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Built:
    """A copy of a sample after its build."""

    folder: Path
    document: dict[str, Any]
    """What ``packager build --json`` said."""
    options: tuple[str, ...] = field(default=())
    """The builder's options it was built with."""

    @property
    def dist(self) -> Path:
        """Return the output folder."""
        return self.folder / "dist"

    @property
    def zips(self) -> dict[str, str]:
        """Return archive → SHA-256 of every zip, those in a host's folder included."""
        return {path.relative_to(self.dist).as_posix(): digest(path) for path in sorted(self.dist.rglob("*.zip"))}


class Acceptance(Protocol):
    """A sample's module."""

    TOOL: str

    def accept(self, made: Built, scratch: Path) -> None:
        """Have the host's own tool take what was built; `scratch` is a folder both may use."""

    def answer(self, made: Built, scratch: Path) -> str:
        """Return what the built function answers to a request, checked."""


ACCEPTANCE = {
    "aws-lambda": "aws_lambda",
    "serverless": "serverless",
    "zeit-now": "now",
    "vercel": "vercel",
    "netlify": "netlify",
    "google-cloud-functions": "google",
    "up": "up",
}
"""Sample → module of this package."""


def acceptance(name: str) -> Acceptance:
    """Return the module of a sample."""
    return cast("Acceptance", importlib.import_module(f"{__name__}.{ACCEPTANCE[name]}"))


def build_sample(name: str, into: Path, *options: str) -> Built:
    """Build a copy of a sample. Raises AssertionError with what was said if nothing came of it."""
    folder = sample(name, into)
    ran = packager("build", folder, "--json", *options)
    assert ran.code == 0, ran.stderr + ran.stdout
    return Built(folder, json.loads(ran.stdout), options)
