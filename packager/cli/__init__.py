"""The command line. Only this room imports click, and this module not even that: nothing changed is told without."""

from __future__ import annotations

import sys
import time

from packager.core.errors import EXIT_FINE, EXIT_INTERRUPTED, PackagerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from packager.cli.group import COMMANDS as COMMANDS
    from packager.cli.group import LazyGroup as LazyGroup
    from packager.cli.group import cli as cli
    from packager.cli.group import run as run


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    if arguments is None and sys.getfilesystemencoding() != "utf-8":
        _speak_utf8()
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["pack"]:
        start = time.monotonic()
        from packager.archive.fastpath.noop_check import check_unchanged

        try:
            seen = check_unchanged(words[1:])
            if seen is not None:
                written = False
                if not seen.unchanged:
                    from packager.cli.quick import pack_seen

                    written = pack_seen(seen)
                from packager.cli.closing import packed

                sys.stdout.write(packed(time.monotonic() - start, written=written))
                sys.stdout.flush()
                sys.exit(EXIT_FINE)
        except KeyboardInterrupt as stop:
            sys.stderr.write(f"\ninterrupted: {str(stop) or 'nothing was written'}\n")
            sys.exit(EXIT_INTERRUPTED)
        except (PackagerError, OSError, ImportError):
            pass  # the command meets it as well, and tells it as every command does
        except Exception as error:
            from packager.cli.group import report_bug

            sys.exit(report_bug(error, as_json=False))
    from packager.cli.group import run

    sys.exit(run(words))


def _speak_utf8() -> None:
    """Start again with file names as UTF-8, as archives have them, whatever the locale: the same names, the same bytes.

    Python does so by itself in the locale C, but not where PYTHONUTF8=0 forbids it, nor in one of Latin-1.
    """
    import os

    if not sys.flags.utf8_mode and sys.executable:
        os.execv(sys.executable, [sys.orig_argv[0], "-X", "utf8", *sys.orig_argv[1:]])


def __getattr__(name: str) -> object:
    """Import a name from the group (PEP 562)."""
    if name in ("COMMANDS", "LazyGroup", "cli", "run"):
        from packager.cli import group

        return getattr(group, name)
    msg = f"module 'packager.cli' has no attribute {name!r}"
    raise AttributeError(msg)
