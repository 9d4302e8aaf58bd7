"""The project's own install scripts, where package managers may not run any: on a machine unlike the target's. Pure.

``--ignore-scripts`` keeps packages from building and fetching for the machine they find, and takes the project's own
scripts along. Most of these are JavaScript and mean the same anywhere (patch-package, ``prisma generate``):
they are run all the same. What may compile or fetch is refused, since without it something would be missing.
"""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from packager.core.errors import ConfigError
from packager.core.package_json import read_package_json
from packager.model.builds import Invocation
from packager.package_managers.registry import PACKAGE_MANAGERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from packager.model.plan import Job

BEFORE = ("preinstall",)
AFTER = ("install", "postinstall")
"""Scripts of package.json that an install runs, before and after the packages. ``prepare`` is not of an install's."""
_BUILDS = frozenset((
    "node-gyp", "node-gyp-build", "prebuild-install", "prebuild", "node-pre-gyp", "cmake-js", "cmake", "napi", "neon",
    "cargo", "cargo-cp-artifact", "electron-rebuild", "electron-builder", "make", "gmake", "cc", "gcc", "g++", "clang",
    "go", "rustup", "python", "python2", "python3", "pip", "pip3", "sh", "bash", "zsh", "dash", "curl", "wget", "tar",
    "unzip", "docker", "apt", "apt-get", "apk", "yum", "dnf", "brew", "sudo", "ruby", "perl", "java", "uname",
))  # fmt: skip
_MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun"})
_INSTALLS = frozenset({"install", "i", "ci", "add", "rebuild", "rb", "link", "update", "build-from-source"})
_WITH_A_VALUE = frozenset({"--prefix", "-C", "--cwd", "--dir", "--workspace", "-w", "--filter", "-F"})
_RUNNERS = frozenset({"npx", "pnpx", "bunx", "env", "cross-env", "exec", "time", "command", "dotenv", "nice"})
_SEPARATORS = re.compile(r"[|&;()]+|\n")
_DEEPEST = 5


def own_scripts(job: Job, names: Sequence[str]) -> tuple[Invocation, ...]:
    """Return what runs the project's own scripts of these names, in order.

    Raises ConfigError for one that may compile or fetch for the machine it runs on.
    """
    if job.manager is None or PACKAGE_MANAGERS[job.manager].manifest != "package.json":
        return ()
    scripts = _scripts(job.source)
    found = []
    for name in names:
        line = scripts.get(name, "").strip()
        if not line or _is_generating(line, job):
            continue
        if (program := foreign_program(line, scripts)) is None:
            command = f'export PATH="$PWD/node_modules/.bin:$PATH"; {line}'
            found.append(Invocation("install", ("sh", "-c", command), line=line))
        elif "||" not in line:  # else its author does without what comes of it
            system = f"{job.arch} {job.libc}"
            msg = f"{line!r} may build or fetch for this machine, which is not {system}: {program}"
            fix = "build in the target's userland (--builder docker), or write it in JavaScript, such as `node FILE.js`"
            raise ConfigError(msg, where=f"package.json: scripts.{name}", fix=fix)
    return tuple(found)


def foreign_program(line: str, scripts: Mapping[str, str], depth: int = 0) -> str | None:
    """Return the first program of a script that is not known to be the same on any machine; None for JavaScript.

    >>> foreign_program("patch-package && node x.js", {}), foreign_program("npm run b", {"b": "cd x && make"})
    (None, 'make')
    """
    if depth > _DEEPEST:
        return line
    for words in _commands(line):
        program, rest = words[0].rpartition("/")[2], words[1:]
        if program in _BUILDS or (words[0].startswith(("./", "../", "/")) and not _is_script(words[0])):
            return program
        if program == "node" and any(word.rpartition("/")[2] in _BUILDS for word in rest):
            return rest[0]
        if program in _MANAGERS:
            found = _managed(program, rest, scripts, depth)
        elif program in ("run-s", "run-p", "npm-run-all"):
            found = _first(scripts, [word for word in rest if word in scripts], depth)
        else:
            found = None
        if found is not None:
            return found
    return None


def _managed(program: str, rest: list[str], scripts: Mapping[str, str], depth: int) -> str | None:
    """Return the foreign program that a call of a package manager comes to."""
    words = [word for before, word in pairwise(("", *rest)) if not word.startswith("-") and before not in _WITH_A_VALUE]
    if not words or words[0] in _INSTALLS:
        return f"{program} {words[0] if words else 'install'}"
    if words[0] in ("exec", "dlx", "x"):
        return foreign_program(" ".join(words[1:]), scripts, depth + 1)
    named = words[1:2] if words[0] in ("run", "run-script") else words[:1]
    return _first(scripts, [name for name in named if name in scripts], depth)


def _first(scripts: Mapping[str, str], names: list[str], depth: int) -> str | None:
    found = (foreign_program(scripts[name], scripts, depth + 1) for name in names)
    return next((each for each in found if each is not None), None)


def _commands(line: str) -> Iterator[list[str]]:
    """Yield the words of each command of a line, without the settings and runners in front."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        tokens = [*lexer, ";"]
    except ValueError:
        tokens = [*line.split(), ";"]
    for token in tokens:
        if not _SEPARATORS.fullmatch(token):
            words.append(token)
            continue
        while words and (words[0] in _RUNNERS or words[0].startswith("-") or re.match(r"\w+=", words[0])):
            words.pop(0)
        if words:
            yield words
        words = []


def _is_script(path: str) -> bool:
    return path.endswith((".js", ".cjs", ".mjs", ".ts", ".mts", ".cts")) or "node_modules/.bin/" in path


def _is_generating(line: str, job: Job) -> bool:
    """Return whether a script does no more than what is generated for the target anyway."""
    plain = line.removeprefix("npx ").strip()
    return plain == "prisma generate" and any("prisma generate" in each for each in job.generate)


def _scripts(project: Path) -> dict[str, str]:
    """Return the scripts of package.json; an addon of the project's own is compiled by one that is not written down."""
    data: dict[str, Any] = read_package_json(project)
    given = data.get("scripts")
    scripts = {name: text for name, text in given.items() if isinstance(text, str)} if isinstance(given, dict) else {}
    if (project / "binding.gyp").is_file() and not scripts.keys() & {"install", "preinstall"}:
        scripts["install"] = "node-gyp rebuild"
    return scripts
