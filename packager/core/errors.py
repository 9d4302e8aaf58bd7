"""Every error this tool raises on purpose, with its exit code.

::

    PackagerError                  never raised itself
    ├── UsageError              2  the command line asks for something impossible
    ├── ConfigError             3  packager.yaml, package.json, a recipe: unreadable or contradictory
    ├── EnvironmentFault        4  this machine lacks something: Docker, Node, disk space
    │   └── DockerFault         4  absent, too old, not permitted, image not to be had
    ├── GeneratorFault          5  an install, generate or build command failed or hung
    ├── ArtifactError           6  an input archive, binary or tree is unreadable
    └── ProviderFault           7  a provider's API refused

A *finding* (``packager.model.findings.Finding``) is not an error: it is the result of a run that worked, and exits 1.
An unforeseen exception is our bug, and so is a `CatalogError`: our own facts are broken. Both keep their traceback and
exit 70. An interrupt exits 130.
"""

from __future__ import annotations

EXIT_FINE = 0
EXIT_FINDINGS = 1
EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class PackagerError(Exception):
    """Base of all expected errors. Says where, what, and how to fix it."""

    exit_code = EXIT_BUG

    def __init__(self, message: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        """The file, key or object concerned, as the user would write it; empty if the message says it all."""
        self.fix = fix
        """What to do about it, as an instruction; empty if nothing sensible can be said."""

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  fix: {self.fix}" if self.fix else text

    def to_json(self) -> dict[str, object]:
        """Return the failure shape of ``--json`` documents."""
        return {
            "type": type(self).__name__,
            "exit_code": self.exit_code,
            "where": self.where,
            "message": self.message,
            "fix": self.fix,
        }


class UsageError(PackagerError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class ConfigError(PackagerError):
    """User configuration is unreadable, unknown or contradictory."""

    exit_code = 3


class EnvironmentFault(PackagerError):
    """This machine lacks something the run needs."""

    exit_code = 4


class DockerFault(EnvironmentFault):
    """No usable Docker engine or image."""

    def __init__(self, message: str, *, where: str = "", fix: str = "", reason: str = "") -> None:
        super().__init__(message, where=where, fix=fix)
        self.reason = reason or message
        """The message in one short line, for a note."""


class GeneratorFault(PackagerError):
    """An install, generate or build command failed, hung or left nothing."""

    exit_code = 5

    def __init__(self, message: str, *, where: str = "", fix: str = "", output: str = "") -> None:
        super().__init__(message, where=where, fix=fix)
        self.output = output
        """The last lines the command printed, secrets masked; may be empty."""

    def __str__(self) -> str:
        text = super().__str__()
        if not self.output:
            return text
        indented = "\n".join(f"    {line}" for line in self.output.splitlines())
        return f"{text}\n  last output:\n{indented}"

    def to_json(self) -> dict[str, object]:
        """Return the failure shape, with what the command printed last."""
        return {**super().to_json(), "output": self.output}


class ArtifactError(PackagerError):
    """An archive, binary or tree given to us cannot be read."""

    exit_code = 6


class ProviderFault(PackagerError):
    """A provider's API refused."""

    exit_code = 7


class CatalogError(Exception):
    """A file of ``packager/catalog`` is broken: our bug, which `except PackagerError` does not catch."""

    def __init__(self, message: str, *, where: str) -> None:
        super().__init__(f"{where}: {message}")
        self.message = message
        self.where = where
        """The file, and the key where one can be named."""
