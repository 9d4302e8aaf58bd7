"""An invocation that failed → the error its user reads, the same for every builder."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from packager.core.errors import EnvironmentFault, GeneratorFault
from packager.core.units import format_timeout
from packager.package_managers.registry import PACKAGE_MANAGERS
from packager.toolchains.causes import disk_full, explain

if TYPE_CHECKING:
    from packager.builders.running import CommandEnd
    from packager.core.masking import Mask
    from packager.model.builds import Invocation

_TAIL_LINES = 20
_LONGEST_WORD = 200
"""Characters; a longer argument is a script of ours."""
_LONGEST_LINE = 200
"""Characters of a command of ours; the user's own line is shown whole."""


def invocation_failure(
    invocation: Invocation, ended: CommandEnd, *, timeout_seconds: float, mask: Mask, free: str
) -> GeneratorFault | EnvironmentFault:
    """Return the error for a command that failed or took too long: where, what, why as far as it shows, what to do.

    Secrets that `mask` knows are taken out of the command and of its output. A full disk is this machine's trouble
    and no fault of the command; `free` says how to get space where the command ran.
    """
    where = f"{invocation.purpose}: {shown(invocation, mask)}"
    output = mask(ended.output)
    tail = "\n".join(output.splitlines()[-_TAIL_LINES:])
    if ended.timed_out:
        msg = f"did not end within {format_timeout(timeout_seconds)}, and was stopped with all that it had started"
        return GeneratorFault(msg, where=where, fix="find what it waits for, or raise --timeout", output=tail)
    full = disk_full(output)
    if full:
        return EnvironmentFault(f"the disk is full: {full}", where=where, fix=free)
    how = f"ended with exit code {ended.exit_code}" if ended.exit_code >= 0 else f"died of signal {-ended.exit_code}"
    if ended.out_of_memory:
        fix = "give the Docker engine's machine more memory"
        return GeneratorFault(f"{how}: the machine is out of memory", where=where, fix=fix, output=tail)
    cause = explain(output, [known for plugin in PACKAGE_MANAGERS.values() for known in plugin.causes])
    if cause is not None:
        return GeneratorFault(f"{how}: {cause.message}", where=where, fix=cause.fix, output=tail)
    # What runs in a tree of ours only cannot be tried again by hand.
    again = "; run the same line in the project to try again" if invocation.purpose in ("install", "generate") else ""
    return GeneratorFault(how, where=where, fix=f"see its output{again}", output=tail)


def shown(invocation: Invocation, mask: Mask) -> str:
    """Return a command as people would type it, without secrets: the user's own line, else ours shortened.

    Each argument is masked before it is quoted or cut: a secret is not recognised in quotes, nor by its first half.
    """
    if invocation.line:
        return mask(invocation.line)
    text = mask(shlex.join(mask(word) if len(word) < _LONGEST_WORD else "…" for word in invocation.argv))
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]} …"
