"""What people see on a terminal, on a narrow one, with NO_COLOR, and in a pipe: the real program is run."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import packager
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")

CONFIG = """\
bundles:
  api:
    target: aws-lambda
    runtime: provided.al2023
    handler: bootstrap
    include: ["bootstrap", "lib/**"]
    budget: 1mb
"""
FILES = {"packager.yaml": CONFIG, "bootstrap": "#!/bin/sh\nexit 0\n", "lib/data.txt": "data\n"}
SECRET = {"lib/.env": "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"}
SGR = re.compile(r"\x1b\[[0-9;]*m")
CURSOR = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Return a project of one function, which needs no package."""
    return write_tree(tmp_path / "app", FILES)


def on_terminal(*arguments: str | Path, columns: int = 100, **environment: str) -> str:
    """Run ``packager`` on a terminal of so many columns and return what that has received."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    given = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "packager", *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**given, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    received = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not piece:
            break
        received += piece
    os.close(ours)
    process.wait(timeout=60)
    return received.decode().replace("\r\n", "\n")


def build(app: Path) -> list[str | Path]:
    return ["build", app, "--builder", "local", "--no-prove"]


def test_a_terminal_has_colours(app: Path) -> None:
    assert SGR.search(on_terminal(*build(app)))
    assert "\x1b[31m" in on_terminal("plan", app / "nothing")


@pytest.mark.parametrize("name", ["build", "error", "doctor"])
def test_no_colour_where_none_is_wanted(app: Path, name: str) -> None:
    commands: dict[str, list[str | Path]] = {
        "build": build(app),
        "error": ["plan", app / "nothing"],
        "doctor": ["doctor", "--offline"],
    }

    shown = on_terminal(*commands[name], NO_COLOR="1")

    assert shown
    assert not SGR.search(shown)


def test_a_dumb_terminal_gets_plain_lines(app: Path) -> None:
    assert "\x1b" not in on_terminal(*build(app), TERM="dumb")


def test_a_pipe_gets_plain_lines(app: Path) -> None:
    write_tree(app, {"packager.yaml": CONFIG + "generate: {command: 'printf \"\\033[31mred\\033[0m\\a\\n\"'}\n"})

    ran = packager(*build(app), "-v")

    assert ran.code == 0, ran.stderr
    assert "red" in ran.stderr
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", ran.stdout + ran.stderr)


def test_control_characters_in_names_are_spelled_out(app: Path) -> None:
    write_tree(app, {"lib/a\x1b[2Jb.txt": "x\n"})

    ran = packager("build", app, "--builder", "local", "--why", "lib")

    assert ran.code == 0, ran.stderr
    assert "\x1b" not in ran.stdout
    assert "lib/ab.txt" in ran.stdout


def test_names_of_emoji_and_markup_are_printed_as_they_are(app: Path) -> None:
    out = app / ":smile:[bold]"

    ran = packager(*build(app), "--out", out)

    assert f"{out.name}/api.zip" in ran.stdout


@pytest.mark.parametrize("arguments", ["build", "refused", "targets", "cache", "doctor", "layers", "plan"])
def test_forty_columns_hold_every_word(app: Path, tmp_path: Path, arguments: str) -> None:
    """No line is wider but for a word that is: a path or a digest, which can be copied as a whole."""
    packager(*build(app), PACKAGER_CACHE=str(tmp_path / "cache"))
    if arguments == "refused":
        write_tree(app, {"packager.yaml": CONFIG.replace("1mb", "10b")})
    lines: dict[str, list[str | Path]] = {
        "build": build(app),
        "refused": build(app),
        "targets": ["targets"],
        "cache": ["cache", "info"],
        "doctor": ["doctor", "--offline"],
        "layers": ["layer", "list"],
        "plan": ["plan", app, "--builder", "local"],
    }

    shown = on_terminal(*lines[arguments], columns=40, PACKAGER_CACHE=str(tmp_path / "cache"))
    text = SGR.sub("", shown)
    final = [line.rpartition("\r")[2] for line in CURSOR.sub("", text).split("\n")]

    too_wide = [line for line in final if len(line) > 40 and len(line.split()) > 1 and not _one_word_is_wide(line)]
    assert too_wide == []


def _one_word_is_wide(line: str) -> bool:
    """Return whether a line is only too wide since its one word, after an indent or a label, cannot be broken."""
    indent = len(line) - len(line.lstrip())
    return max(map(len, line.split())) + indent > 34


def test_a_narrow_table_keeps_what_it_says() -> None:
    wide, narrow = packager("targets", "aws-lambda").stdout, on_terminal("targets", "aws-lambda", columns=40)

    assert wide.split() == narrow.split()


def test_a_second_answer_looks_like_the_first(app: Path, tmp_path: Path) -> None:
    """From the cache or not: the same text, findings and exit code, for a build that succeeds and one that does not."""
    cache = str(tmp_path / "cache")
    for config, code in ((CONFIG, 0), (CONFIG.replace("1mb", "10b"), 1)):
        write_tree(app, {"packager.yaml": config, **SECRET})
        first, second = (packager(*build(app), PACKAGER_CACHE=cache) for _ in range(2))

        assert first.code == second.code == code, first.stderr
        assert _timeless(first.stdout) == _timeless(second.stdout)
        assert _timeless(first.stderr) == _timeless(second.stderr)
        audit: list[str | Path] = ["audit", app / "dist/api.zip", "--budget", "10b"]
        seen, again = (packager(*audit, PACKAGER_CACHE=cache) for _ in range(2))
        assert seen.code == again.code == 1
        assert _timeless(seen.stdout) == _timeless(again.stdout)
        assert "error SIZE001" in seen.stdout


def test_a_document_from_the_cache_is_the_first_one(app: Path, tmp_path: Path) -> None:
    documents = []
    for _ in range(2):
        document = packager(*build(app), "--json", PACKAGER_CACHE=str(tmp_path / "cache")).json()
        del document["seconds"]
        for bundle in document["bundles"]:
            del bundle["seconds"]
        documents.append(document)
        time.sleep(0.01)

    assert documents[0] == documents[1]


def _timeless(text: str) -> str:
    """Return a text without the lines of slow steps, and without times."""
    lines = [line for line in text.splitlines() if not line.startswith("✓ ")]
    return re.sub(r"\d[\d,.]* s\b", "N s", "\n".join(lines))
