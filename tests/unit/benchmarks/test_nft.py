"""The comparison with nft's integration scripts: what a checkout is, how scripts are run, what is reported."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.nft import __main__ as command
from benchmarks.nft.checkout import NoCheckout, Script, commit_of, copied, lay_out, scripts_of
from benchmarks.nft.packing import RUNTIME, document
from benchmarks.nft.report import Row, table, totals
from benchmarks.nft.report import document as report
from benchmarks.nft.running import run, telling
from packager.project.config import parse_project
from tests.support.trees import snapshot, write_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

GOOD = Row("a.js", "plain", proved=True, trace_runs=True, nft_runs=True, trace_bytes=90, licence_bytes=5, nft_bytes=100)


def _checkout(root: Path) -> Path:
    return write_tree(
        root,
        {
            "package.json": json.dumps({"name": "nft", "dependencies": {"a": "1"}, "devDependencies": {"b": "2"}}),
            "pnpm-lock.yaml": "",
            "out/node-file-trace.js": "",
            "node_modules/b/index.js": "module.exports = 1",
            "test/unit/x/input.js": "",
            "test/integration/socket.io.js": "require('b')",
            "test/integration/es.mjs": "import 'b'",
            "test/integration/bindings-failure.js": "throw new Error('no')",
            "test/integration/sharp-pnpm.js": "",
        },
    )


def test_scripts_are_functions_of_the_project_and_the_checkout_stays_as_it_is(tmp_path: Path) -> None:
    checkout, project = _checkout(tmp_path / "nft"), tmp_path / "project"
    before = snapshot(checkout)

    lay_out(checkout, project)

    assert snapshot(checkout) == before
    made = snapshot(project)
    assert json.loads(made["package.json"])["dependencies"] == {"a": "1", "b": "2"}
    assert b"require('./socket.io.js')" in made["test/integration/on_socket-io.js"]
    assert b"import './es.mjs'" in made["test/integration/on_es.mjs"]
    assert not {"pnpm-lock.yaml", "test/unit/x/input.js"} & made.keys()


def test_each_script_is_a_bundle_for_both_ways_that_packager_understands(tmp_path: Path) -> None:
    scripts = scripts_of(_checkout(tmp_path / "nft"))

    bundles = parse_project(document(scripts), tmp_path).bundles

    assert len(bundles) == 2 * len(scripts) == 8
    assert {spec.trim for spec in bundles} == {"trace"}
    assert {spec.name: spec.environment for spec in bundles}[f"es-{RUNTIME}"] == {}
    assert "NODE_OPTIONS" in {spec.name: spec.environment for spec in bundles}["es-plain"]


def test_what_nfts_tests_know_of_a_script_is_known() -> None:
    assert (Script("bindings-failure.js").expected, Script("express.js").expected) == (1, 0)
    assert "pnpm" in Script("sharp-pnpm.js").apart
    assert Script("sharp.js").apart == ""


def test_one_script_is_found_by_its_name_with_or_without_ending(tmp_path: Path) -> None:
    checkout = _checkout(tmp_path)

    assert scripts_of(checkout, "socket.io") == scripts_of(checkout, "socket.io.js") == [Script("socket.io.js")]
    with pytest.raises(NoCheckout, match=r"there is no script 'express'.*socket\.io\.js"):
        scripts_of(checkout, "express")


@pytest.mark.parametrize(
    ("missing", "said"), [("node_modules", "npm install --ignore-scripts"), ("out", "npm run build")]
)
def test_what_a_checkout_lacks_is_said_with_the_command(missing: str, said: str, tmp_path: Path) -> None:
    checkout = _checkout(tmp_path / "nft")
    shutil.rmtree(checkout / missing)

    with pytest.raises(NoCheckout, match=said):
        lay_out(checkout, tmp_path / "project")


def test_the_commit_is_that_of_the_checkout_and_not_of_what_it_lies_in(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git = ("git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run((*git, "init", "--quiet"), check=True)
    subprocess.run((*git, "commit", "--quiet", "--allow-empty", "--message", "first"), check=True)

    assert len(commit_of(tmp_path)) == 40
    assert commit_of(inner) == ""


def test_what_nft_traced_is_copied_with_its_links(tmp_path: Path) -> None:
    project = write_tree(tmp_path / "project", {"real/a.js": "12345", "b.js": "1"}, {"linked": "real"})

    size = copied(project, ["real/a.js", "linked", "../above.js"], tmp_path / "into")

    assert size == 5
    assert (tmp_path / "into" / "linked" / "a.js").read_text() == "12345"
    assert not (tmp_path / "above.js").exists()


def test_a_script_is_run_where_it_lies_and_says_why_it_fails(tmp_path: Path) -> None:
    # Python in place of Node: what is looked at is how a program is run.
    write_tree(
        tmp_path,
        {"good": "print('x')", "bad": "print('x')\nraise SystemExit('TypeError: no')", "long": "while 1: pass"},
    )
    python = Path(sys.executable)

    assert run(python, ("-S",), tmp_path, "good").exit_code == 0
    failed = run(python, ("-S",), tmp_path, "bad")
    assert (failed.exit_code, failed.said) == (1, "TypeError: no")
    assert run(python, ("-S",), tmp_path, "long", seconds=0.5).exit_code is None


def test_the_line_that_names_the_error_is_told() -> None:
    assert telling("/a/b.js:1\n\nError: Cannot find module 'x'\n    at Error (a)\n\nNode.js v24\n") == (
        "Error: Cannot find module 'x'"
    )
    assert telling("one\ntwo\n") == "two"
    assert telling("") == ""


@pytest.mark.parametrize(
    ("row", "ok"),
    [
        (GOOD, True),
        (replace(GOOD, trace_runs=False, nft_runs=False), False),  # a false yes
        (replace(GOOD, fails=True), False),  # there to fail, and proved
        (replace(GOOD, fails=True, proved=False), True),
        (replace(GOOD, proved=False, trace_runs=False), False),  # nft's runs, ours does not
        (replace(GOOD, proved=False, trace_runs=False, nft_runs=False), True),
        (replace(GOOD, trace_bytes=105), True),  # five of them are licences
        (replace(GOOD, trace_bytes=107), False),
    ],
)
def test_what_is_asked_for_decides(row: Row, ok: bool) -> None:
    (total,) = totals([row])

    assert total.ok is ok


def test_totals_are_of_each_way_and_of_what_was_run() -> None:
    rows = [
        GOOD,
        replace(GOOD, trace_bytes=205, licence_bytes=5),
        Row("b.js", "plain", not_run="it fails in the full tree, too"),
        replace(GOOD, way=RUNTIME),
    ]

    plain, lambdas = totals(rows)

    assert (plain.run, plain.proved, plain.trace_runs, plain.nft_runs, plain.false_yes) == (2, 2, 2, 2, 0)
    assert plain.median_bytes == pytest.approx(1.475)
    assert plain.median_without_licences == pytest.approx(1.425)
    assert (lambdas.way, lambdas.run) == (RUNTIME, 1)


def test_the_table_has_every_row_and_each_reason() -> None:
    rows = [
        GOOD,
        Row("b.js", "plain", not_run="it fails in the full tree, too: no network"),
        replace(GOOD, script="c.js", proved=True, trace_runs=False, trace_said="Error: gone"),
        replace(GOOD, script="d.js", proved=False, why="RUN014: throws"),
    ]

    text = "\n".join(table(rows))

    assert "| a.js | plain | runs | proved | yes | yes | 90 | 5 | 100 | 0.85 |" in text
    assert "| c.js | plain | runs | FALSE YES |" in text
    assert "- b.js, plain: not run: it fails in the full tree, too: no network" in text
    assert "- c.js, plain: does not run from packager's trace: Error: gone" in text
    assert "- d.js, plain: packager says no: RUN014: throws" in text
    assert "1 false yes" in text


def test_its_arguments_are_read_and_its_report_is_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[list[str], list[str]]] = []

    def compared(checkout: Path, scripts: Sequence[Script], ways: Sequence[str]) -> list[Row]:
        asked.append(([script.file for script in scripts], [*ways]))
        return [replace(GOOD, trace_runs=False)]

    monkeypatch.setattr(command, "compared", compared)
    with pytest.raises(SystemExit) as ended:
        command.main([str(_checkout(tmp_path)), "--case", "es", "--way", "plain", "--json"])

    printed = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert asked == [(["es.mjs"], ["plain"])]
    assert (printed["ok"], printed["totals"][0]["false_yes"], printed["rows"][0]["false_yes"]) == (False, 1, True)
    assert printed == json.loads(json.dumps(report([replace(GOOD, trace_runs=False)], "")))


@pytest.mark.parametrize("words", [[], ["."], [".", "--way", "other"]])
def test_what_it_cannot_use_is_refused(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        command.main(words)

    assert ended.value.code == 2
