"""The tests on every Python that is supported: ``nox`` runs those this machine has and names the others.

``nox -s 'tests(3.12)' -- tests/unit -q`` runs one of them; what follows ``--`` goes to pytest.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["tests", "lint", "docs", "package", "wheel"]
nox.options.error_on_missing_interpreters = False

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
QUICK = ["tests/unit", "tests/property", "tests/contracts"]


def _interpreter(version: str) -> str:
    """Return a Python of this version: on PATH, or one of pyenv's, whose shims answer only for what is switched on."""
    installed = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python{version}"))
    return str(installed[-1]) if installed else shutil.which(f"python{version}") or version


INTERPRETERS = {version: _interpreter(version) for version in PYTHONS}


@nox.session
@nox.parametrize("python", [nox.param(path, id=version) for version, path in INTERPRETERS.items()])
def tests(session: nox.Session) -> None:
    """Run the quick tests; a Python this machine does not have is shown as skipped."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", *(session.posargs or [*QUICK, "-q"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Run what ``./run lint`` runs."""
    session.run("./run", "lint", external=True)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site, as ``./run docs`` does."""
    session.run("./run", "docs", external=True)


@nox.session
def package(session: nox.Session) -> None:
    """Build what a release uploads, and check that an index can show it, README.md among it."""
    session.run("./run", "package", external=True)


@nox.session
def wheel(session: nox.Session) -> None:
    """Run the tests against the installed wheel."""
    session.run("./run", "wheel", external=True)
