"""The environment commands run in: the user's, less what would make two machines' results differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNWANTED = re.compile(
    r"""
    NODE_(OPTIONS|PATH|ENV|REPL_\w+|V8_COVERAGE) | INIT_CWD
    # what an outer `npm run` hands to its children, and settings that would install less or elsewhere
    | npm_(package|lifecycle|node|exec)\w* | npm_(command|execpath)
    | npm_config_(prefix|local_prefix|global|global_prefix|omit|only|production|include|dev|also|dry_run
        |package_lock\w*|workspaces?|arch|platform|cpu|os|libc|target\w*|node_options)
    | PYTHON(PATH|HOME|STARTUP|USERBASE|PYCACHEPREFIX) | VIRTUAL_ENV | __PYVENV_LAUNCHER__
    | PIP_(TARGET|USER|PREFIX|ROOT|REQUIRE_VIRTUALENV|PLATFORM|PYTHON_VERSION|IMPLEMENTATION|ABI|NO_DEPS)
    # Prisma's generator writes other files where it believes to be on these hosts
    | NETLIFY | VERCEL | NOW_BUILDER | AWS_LAMBDA_\w+ | LAMBDA_\w+
    | FORCE_COLOR | CLICOLOR_FORCE | TZ | LANG | LANGUAGE | LC_\w+
    """,
    re.VERBOSE | re.IGNORECASE,
)

_OF_THE_SESSION = re.compile(
    r"""
    PACKAGER_\w+ | TMPDIR | PWD | OLDPWD | SHLVL | _ | PS\d | SHELL | EDITOR | VISUAL | PAGER | LESS\w* | MAIL
    | LS_COLORS | TERM\w* | COLORTERM | COLUMNS | LINES | WINDOWID | VTE_\w+ | TMUX\w* | STY | HIST\w+ | PYTEST_\w+
    | DISPLAY | WAYLAND_\w+ | XDG_\w+ | DBUS_\w+ | SSH_\w+ | GPG_\w+ | INVOCATION_ID | JOURNAL_STREAM
    """,
    re.VERBOSE,
)


def of_the_session(name: str) -> bool:
    """Return whether a variable speaks of a terminal or a login, not of what is built.

    >>> of_the_session("SSH_AUTH_SOCK"), of_the_session("npm_config_registry"), of_the_session("GIT_COMMIT")
    (True, False, False)
    """
    return bool(_OF_THE_SESSION.fullmatch(name))


SETTINGS = {
    "CI": "1",
    "NO_COLOR": "1",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    # 1980 is the oldest year a zip can hold; npm dates its files like this.
    "SOURCE_DATE_EPOCH": "499162500",
    "CHECKPOINT_DISABLE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "npm_config_update_notifier": "false",
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_yes": "true",
}
"""Set for every command of every builder."""


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a build's commands. Registry, proxy, certificate and cache settings stay.

    >>> cleaned = clean_environment({"NODE_OPTIONS": "-r x", "HOME": "/root", "npm_config_registry": "https://r"})
    >>> "NODE_OPTIONS" in cleaned, cleaned["HOME"], cleaned["npm_config_registry"], cleaned["TZ"]
    (False, '/root', 'https://r', 'UTC')
    """
    kept = {name: value for name, value in environment.items() if not _UNWANTED.fullmatch(name)}
    return {**kept, **SETTINGS}
