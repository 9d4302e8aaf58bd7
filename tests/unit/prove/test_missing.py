"""What a failure says was asked for, and by whom, in the words of Node and Python."""

from __future__ import annotations

import pytest

from packager.model.proof import Proof, Wanted
from packager.prove.failure_context import FailureContext
from packager.prove.missing import with_wanted
from packager.prove.report import Failure, Report

SCENE = FailureContext("api.zip", "/var/task", "/opt")
FAILED = Proof("failed", "local", "here", "no")


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (
            "Cannot find module './locale/de'\nRequire stack:\n- /var/task/node_modules/a/index.js\n- /var/task/i.js",
            Wanted("./locale/de", "node_modules/a/index.js"),
        ),
        (
            "Cannot find module '/var/task/node_modules/a/require.mjs' imported from /var/task/index.mjs",
            Wanted("node_modules/a/require.mjs", "index.mjs"),
        ),
        ("Cannot find package 'pino' imported from /opt/nodejs/x.mjs", Wanted("pino", "nodejs/x.mjs")),
        ("Cannot find module 'sharp'\nRequire stack:\n- /packager/node_loader.cjs", Wanted("sharp")),
        ("ENOENT: no such file or directory, open '/var/task/a/words.dat'", Wanted("a/words.dat")),
        ("[Errno 2] No such file or directory: '/var/task/numpy/data.txt'", Wanted("numpy/data.txt")),
        ("No module named 'numpy.tests'", Wanted("numpy.tests")),
        ("libvips-cpp.so.42: cannot open shared object file: No such file", Wanted("libvips-cpp.so.42")),
    ],
)
def test_questions_without_an_answer_are_recognised(message: str, wanted: Wanted) -> None:
    assert with_wanted(FAILED, Report(failure=Failure("load", "Error", message)), SCENE).wanted == (wanted,)


def test_the_code_that_was_running_is_named_innermost_first() -> None:
    node = (
        "Error: no\n  at f (/var/task/node_modules/a/x.js:1:2)\n  at file:///var/task/index.mjs:3:4\n  at node:fs:1:1"
    )
    python = 'Traceback\n  File "/var/task/app.py", line 1\n  File "/var/task/numpy/x.py", line 2, in f\nError'
    for stack, names in (
        (node, ("node_modules/a/x.js", "index.mjs")),
        (python, ("numpy/x.py", "app.py")),
    ):
        report = Report(failure=Failure("load", "Error", "no", stack=stack))
        assert with_wanted(FAILED, report, SCENE).stack == names


def test_a_proof_that_holds_stays_as_it_is() -> None:
    proof = Proof("proved", "local", "here", "yes")
    report = Report(refused=(Failure("load", "Error", "Cannot find module 'x'"),))
    assert with_wanted(proof, report, SCENE) is proof
