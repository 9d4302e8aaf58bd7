"""The engine's words become ours, with what to do."""

from __future__ import annotations

import pytest

from packager.containers.faults import build_failure, cannot_run, pull_fault


@pytest.mark.parametrize(
    ("status", "text", "why"),
    [
        (500, 'Get "https://r.example/v2/": dial tcp: lookup r.example: no such host', "cannot be reached"),
        (500, "toomanyrequests: You have reached your pull rate limit.", "pull limit"),
        (429, "Too Many Requests", "pull limit"),
        (404, "manifest for debian:nope not found: manifest unknown", "no such image"),
        (404, "pull access denied for x, repository does not exist or may require 'docker login'", "login"),
        (404, "no matching manifest for linux/arm64/v8 in the manifest list entries", "does not exist for arm64"),
        (500, "image x was found but does not match the specified platform: wanted linux/arm64", "for arm64"),
        (500, "x509: certificate signed by unknown authority", "certificate"),
        (500, "something new", "could not be pulled"),
        (None, "", "could not be pulled"),
    ],
)  # fmt: skip
def test_pull_faults(status: int | None, text: str, why: str) -> None:
    fault = pull_fault("x:1", "arm64", status, text)

    assert why in fault.message
    assert fault.where == "image x:1"
    assert "--image" in fault.fix


def test_a_foreign_architecture_names_the_emulation() -> None:
    assert "binfmt" in cannot_run("x", "arm64", "x86_64", "exec format error").fix
    assert "ended at once: boom" in cannot_run("x", "x86_64", "x86_64", "boom\n").message


def test_a_build_failure_keeps_what_matters() -> None:
    output = (
        "Step 2/3 : RUN x\n ---> Running in 1\n\x1b[91mE: no such package\n\x1b[0mRemoving intermediate container 1"
    )

    text = build_failure("The command '/bin/sh -c x' returned a non-zero code: 100", output)

    assert text == "a command ended with exit code 100\n    E: no such package"
