"""The group: help without imports, exit codes, and one JSON document whatever happens."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from packager.cli import COMMANDS, run
from packager.cli import group as cli
from packager.core.errors import ArtifactError, PackagerError, ProviderFault

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = ("boto3", "botocore", "docker", "rich", "yaml", "msgspec", "elftools", "deflate", "wcmatch", "requests")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command and subcommand by its full name."""
    context = click.Context(cli.cli)
    for name in COMMANDS:
        command = cli.cli.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", each) for inner, each in command.commands.items())


ALL = dict(commands())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["nonsense"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "packager", *arguments], capture_output=True, text=True, check=False
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}

    assert "click" in imported
    assert not {name for name in imported if name.partition(".")[0] in HEAVY}
    ours = {name for name in imported if name.startswith("packager.cli.")}
    assert ours - {"packager.cli.plain"} == {"packager.cli.group"}  # an error is told with the other


def test_importing_packager_imports_nothing_else_of_it() -> None:
    code = "import sys, packager; print([name for name in sys.modules if name.startswith('packager.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    assert ALL[name].help is not None
    assert COMMANDS[name][1] == str(ALL[name].help).partition("\n")[0]


@pytest.mark.parametrize("name", ALL)
def test_every_command_option_and_switch_has_help(name: str) -> None:
    command = ALL[name]

    assert command.help
    assert [param.name for param in command.params if isinstance(param, click.Option) and not param.help] == []


@pytest.mark.parametrize("name", ALL)
def test_every_commands_help_can_be_asked_for(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*name.split(), "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: packager {name}")


def test_every_command_that_answers_can_answer_in_json() -> None:
    silent = {"init", "layer", "cache"}  # one writes a file, two are groups

    assert {name for name, command in ALL.items() if "as_json" not in {p.name for p in command.params}} == silent


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out

    assert all(f"  {name}" in out for name in COMMANDS)
    assert "130 interrupted" in " ".join(out.split())


@pytest.mark.parametrize(("typed", "meant"), [("biuld", "build"), ("audti", "audit"), ("target", "targets")])
def test_a_misprint_is_guessed_at(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([typed]) == 2
    assert f"Did you mean {meant!r}?" in capsys.readouterr().err


def failing(error: BaseException) -> click.Command:
    """Return a command that ends so."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True)
    def command(as_json: bool) -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "type_"),
    [
        (ArtifactError("cannot be read", where="x.zip", fix="look"), 6, "ArtifactError"),
        (ProviderFault("refused"), 7, "ProviderFault"),
        (KeyboardInterrupt(), 130, "Interrupted"),
        (ZeroDivisionError("x"), 70, "Bug"),
        (click.UsageError("no"), 2, "UsageError"),
        (OSError(errno.ENOSPC, "No space left on device"), 4, "EnvironmentFault"),
        (OSError(errno.EMFILE, "Too many open files", "/app/x"), 4, "EnvironmentFault"),
        (OSError(errno.EISDIR, "Is a directory"), 70, "Bug"),
    ],
)
def test_failures_are_documents_too(
    error: BaseException, code: int, type_: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "cli", failing(error))

    assert run(["--json"]) == code

    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (document["version"], document["ok"]) == (1, False)
    assert (document["error"]["type"], document["error"]["exit_code"]) == (type_, code)
    assert document["error"].keys() >= {"where", "message", "fix"}
    assert ("Traceback" in err) is (code == 70)


def test_without_json_nothing_is_on_stdout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "cli", failing(ArtifactError("cannot be read", where="x.zip", fix="look")))

    assert run([]) == 6
    out, err = capsys.readouterr()
    assert (out, err) == ("", "error: x.zip: cannot be read\n  fix: look\n")


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (["build", "--json", "--jobs", "0"], "--jobs"),
        (["build", "--json", "--cache", "{app}/bootstrap", "{app}"], "--cache"),
        (["cache", "info", "--json", "--cache", "{app}/bootstrap"], "--cache"),
        (["build", "--json", "--compress", "extreme"], "--compress"),
        (["build", "--json", "--nonsense"], ""),
        (["pack", "--json"], "PATH"),
        (["frobnicate", "--json"], ""),
        (["plan", "--json", "{app}/nowhere"], "{app}/nowhere"),
        (["build", "--json", "--no-prove", "--require-proof", "{app}"], ""),
        (["build", "--json", "--budget", "much", "{app}"], ""),
        (["build", "--json", "--bundle", "nope", "{app}"], "--bundle"),
        (["build", "--json", "--builder", "host", "--why", "nope", "{app}"], "--why"),
        (["audit", "--json", "{app}"], "--runtime"),
        (["audit", "--json", "--explain", "NOPE1"], ""),
        (["layer", "build", "--json", "shrap"], ""),
        (["layer", "build", "--json", "prisma-client"], "--project"),
        (["layer", "build", "--json", "sharp", "--name", "../up"], "--name"),
    ],
)
def test_usage_errors_exit_2_with_a_document(
    arguments: list[str],
    where: str,
    tmp_path: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "bootstrap").write_text("#!/bin/sh\n")
    monkeypatch.chdir(tmp_path)

    code = run([word.replace("{app}", str(tmp_path)) for word in arguments])

    document = json.loads(capsys.readouterr().out)
    assert (code, document["error"]["exit_code"]) == ((3, 3) if where == "--name" else (2, 2))
    assert document["error"]["where"] == where.replace("{app}", str(tmp_path))
    assert document["error"]["message"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bootstrap"]


def test_the_epilog_knows_every_exit_code() -> None:
    codes = {error.exit_code for error in PackagerError.__subclasses__() if error.__module__ == "packager.core.errors"}

    assert all(f"{code} " in str(cli.cli.epilog) for code in codes | {0, 1, 70, 130})


def test_a_reader_that_leaves_is_no_bug() -> None:
    code = f"{sys.executable} -m packager targets; echo code $? >&2"
    done = subprocess.run(["sh", "-c", f"({code}) | true"], capture_output=True, text=True, check=False)

    assert done.stderr.strip() == "code 141"


def test_another_broken_pipe_is_a_bug(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("packager.catalog.current.load_catalog", broken)

    assert run(["targets"]) == 70
    assert "BrokenPipeError" in capfd.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", [["targets"], ["targets", "--json"]])
def test_results_that_go_to_a_full_disk_are_no_bug_of_ours(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "packager", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == 4
    assert done.stderr.startswith("error: No space left on device\n  fix: free some space")
    assert "Traceback" not in done.stderr
