"""The group: commands load on use; errors become messages and exit codes."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import Any

import click

from packager import __version__
from packager.core.errors import EXIT_BUG, EXIT_FINE, EXIT_INTERRUPTED, EnvironmentFault, PackagerError
from packager.core.signals import terminable

# What a shell reports for a program that SIGPIPE ended: neither success nor a finding.
EXIT_READER_LEFT = 141
_FULL = "free some space: where the output goes, in the cache folder, in TMPDIR"
_FILES = "raise the limit on open files: ulimit -n 4096"
# Can meet any line that reads or writes: none of them has to foresee it.
_LACKS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EIO: "check the disk, or try another",
    errno.ENOMEM: "give it more memory, or fewer --jobs",
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
}
# name → (module, one line of help). Kept as text so that `packager --help` imports no command; a test compares it with
# the commands' own.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Write a commented packager.yaml from what is detected."),
    "plan": ("build", "Show what would be built, where and why."),
    "build": ("build", "Generate, trim, lay out, zip, audit and prove every bundle."),
    "layer": ("layer", "List the layer recipes, or build one."),
    "audit": ("audit", "Say whether a zip or folder will load and fit on a target."),
    "pack": ("pack", "Turn a folder or any zip into a canonical zip."),
    "prove": ("prove", "Load a finished zip as its target would."),
    "emit": ("emit", "Write the configuration of a host or tool into the project."),
    "connections": ("connections", "Say whether the database has the connections a function may open."),
    "publish": ("publish", "Publish a layer or function zip to AWS, repeatably."),
    "report": ("report", "Write a page that shows where the bytes of a zip or folder go."),
    "diff": ("report", "Compare two zips or folders; exits 0 if they are identical, 1 otherwise."),
    "explain": ("explain", "Explain a finding code: what it means, and how to fix it."),
    "targets": ("targets", "Show targets, runtimes, limits and baselines."),
    "cache": ("cache", "Show or prune what is kept from earlier runs."),
    "doctor": ("doctor", "Show what this machine can do."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is run or its own help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table: the order of use, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing its module."""
        if cmd_name not in COMMANDS:
            return None
        import importlib

        module = importlib.import_module(f"packager.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; where the reader of our stdout has left (`packager … | head`), end as other programs do."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            if not _reader_left():
                raise
            return EXIT_READER_LEFT

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command named by the arguments; guesses at a misprint."""
        name = args[0] if args else ""
        if name and name not in COMMANDS and not name.startswith("-"):
            import difflib

            close = difflib.get_close_matches(name, COMMANDS, n=1)
            guess = f" Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"No such command {name!r}.{guess}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Results go to stdout, progress to stderr. Exit codes: 0 success, 1 findings, 2 usage, "
    "3 configuration, 4 environment, 5 generator failed, 6 unreadable input, 7 provider refused, "
    "70 a bug in packager, 130 interrupted.",
)
@click.version_option(__version__, prog_name="packager")
def cli() -> None:
    """Turn an app with native engines into the smallest archive that is proved to load where it should run."""


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; never raises for expected errors."""
    as_json = "--json" in arguments
    # Package managers and generators inherit it, so that what they leave does not depend on the user's own; and a proof
    # runs as another user, who must be able to read the runtime in the cache.
    os.umask(0o022)
    try:
        with terminable():
            result = cli.main(args=arguments, prog_name="packager", standalone_mode=False)
    except PackagerError as error:
        return _told(as_json, error)
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # of click 8.2 and later: its message is the help
            error.show()
        else:
            _complain(error)
        return _refused(as_json, _usage(error), error.exit_code)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, click.Abort) as stop:
        # The code that has begun to write says so, see `interrupting`; click makes an Abort of it.
        told = str(stop if isinstance(stop, KeyboardInterrupt) else stop.__cause__ or "")
        message = f"interrupted: {told or 'nothing was written'}"
        click.echo(f"\n{message}", err=True)
        return _refused(as_json, _failure("Interrupted", message, EXIT_INTERRUPTED), EXIT_INTERRUPTED)
    except Exception as error:
        lack = _lack(error)
        return report_bug(error, as_json=as_json) if lack is None else _told(as_json, lack)
    return result if isinstance(result, int) else EXIT_FINE


def report_bug(error: Exception, *, as_json: bool) -> int:
    """Report an unexpected error with its traceback, and return its exit code."""
    import traceback

    traceback.print_exception(error)
    click.echo("this is a bug in packager: please report it with the traceback above", err=True)
    return _refused(as_json, _failure("Bug", f"{type(error).__name__}: {error}", EXIT_BUG), EXIT_BUG)


def _told(as_json: bool, error: PackagerError) -> int:
    """Tell an expected error, and return its exit code."""
    from packager.cli.plain import coloured, plain

    click.echo(coloured("error: ", "red", err=True) + plain(str(error)), err=True)
    return _refused(as_json, error.to_json(), error.exit_code)


def _lack(error: Exception) -> EnvironmentFault | None:
    """Return what this machine lacks, where that is all there is to it; stdout may be a file on a full disk, too."""
    fix = _LACKS.get(error.errno or 0) if isinstance(error, OSError) else None
    if fix is None or not isinstance(error, OSError):
        return None
    return EnvironmentFault(error.strerror or str(error), where=str(error.filename or ""), fix=fix)


def _reader_left() -> bool:
    """Return whether the reader of our stdout has left; what is still in its buffer is dropped then."""
    import select

    if sys.platform == "win32":
        return False
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    if not any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0)):
        return False
    # Python flushes once more at exit, and would complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def _refused(as_json: bool, error: dict[str, object], exit_code: int) -> int:
    """Print the failure document where one was asked for; returns the exit code."""
    if as_json:
        import json

        with suppress(OSError):  # it may be stdout that is the trouble; the exit code says the rest
            click.echo(json.dumps({"version": 1, "ok": False, "error": error}, indent=1))
    return exit_code


def _complain(error: click.ClickException) -> None:
    """Tell click's own complaint as every error is told."""
    from packager.cli.plain import coloured, plain

    message = error.format_message().removesuffix(".")
    told = f"{message[:1].lower()}{message[1:]}\n  fix: {_usage(error)['fix']}"
    click.echo(coloured("error: ", "red", err=True) + plain(told), err=True)


def _usage(error: click.ClickException) -> dict[str, object]:
    """Return click's own complaint in the shape of ours."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "packager"
    parameter = error.param if isinstance(error, click.BadParameter) else None
    where = parameter.get_error_hint(context) if parameter and context else ""
    failure = _failure("UsageError", error.format_message(), error.exit_code)
    return {**failure, "where": where.strip("'"), "fix": f"see `{command} --help`"}


def _failure(type_: str, message: str, exit_code: int) -> dict[str, object]:
    return {"type": type_, "exit_code": exit_code, "where": "", "message": message, "fix": ""}
