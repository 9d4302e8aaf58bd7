"""What tools print when they fail, as seen in runs and reports, and what we make of it."""

from __future__ import annotations

import pytest

from packager.package_managers.registry import PACKAGE_MANAGERS
from packager.toolchains.causes import explain
from packager.toolchains.environment import clean_environment

OUTPUTS: dict[str, tuple[str, str]] = {
    "lock disagrees": (
        "npm error code EUSAGE\nnpm error `npm ci` can only …\nnpm error Missing: left-pad@1.3.0 from lock file",
        "left-pad@1.3.0",
    ),
    "re-signed TLS": ("npm error code SELF_SIGNED_CERT_IN_CHAIN\nnpm error request to https://r/x failed", "re-signed"),
    "no such package": (
        "npm error code E404\nnpm error 404 Not Found\nnpm error 404  'nope@1.0.0' is not in this registry.",
        "nope@1.0.0",
    ),
    "wrong platform": (
        'npm error code EBADPLATFORM\nnpm error notsup Unsupported platform for fsevents@2.3.3: wanted {"os":"darwin"}',
        "fsevents@2.3.3",
    ),
    "no network": ("npm error code ENOTFOUND\nnpm error network request to https://r/a failed", "cannot be reached"),
    "no home": (
        "npm error Log files were not written due to an error writing to the directory: /nonexistent/.npm/_logs",
        "/nonexistent/.npm",
    ),
    "npm's silence": (
        "npm error Exit handler never called!\nnpm error This is an error with npm itself. Please report",
        "cannot be reached",
    ),
    "disk full": ("npm error code ENOSPC\nnpm error ENOSPC: no space left on device, write", "disk is full"),
    "prisma engine": (
        "Error: Failed to fetch sha256 checksum at https://binaries.prisma.sh/all_commits/a/x.gz.sha256 - 404",
        "binaries.prisma.sh",
    ),
    "prisma schema": ("Error: Prisma schema validation - (get-dmmf wasm)\nError code: P1012", "schema is not valid"),
    "prisma target": (
        "Error: Unknown binary target rhel-openssl-9.9.x in generator client.\nPossible binaryTargets: darwin",
        "rhel-openssl-9.9.x",
    ),
    "no wheel": ("ERROR: No matching distribution found for docopt==0.6.2", "docopt==0.6.2"),
    "no compiler": ("gyp ERR! build error\ngyp ERR! stack Error: not found: make", "has to be compiled"),
    "no such command": ("sh: 1: prisma2: not found", "prisma2"),
    "npx": (
        'npm error npx canceled due to missing packages and no YES option: ["prisma@7.10.1"]',
        "prisma@7.10.1",
    ),
    "pnpm": ("ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with frozen-lockfile", "pnpm-lock.yaml disagree"),
}


@pytest.mark.parametrize(("output", "names"), OUTPUTS.values(), ids=OUTPUTS)
def test_known_failures_are_recognised_and_name_what_they_are_about(output: str, names: str) -> None:
    cause = explain(output, [known for plugin in PACKAGE_MANAGERS.values() for known in plugin.causes])
    assert cause is not None
    assert names in cause.message
    assert cause.fix


def test_a_new_failure_is_not_guessed_at() -> None:
    assert explain("TypeError: x is not a function\n    at main.js:3") is None


def test_outer_npm_runs_hosts_and_users_leave_no_trace_in_the_environment() -> None:
    outer = {
        "NODE_OPTIONS": "--require x",
        "NODE_ENV": "production",
        "npm_config_prefix": "/p",
        "NPM_CONFIG_OMIT": "dev",
        "npm_lifecycle_event": "build",
        "npm_package_name": "outer",
        "INIT_CWD": "/somewhere",
        "VERCEL": "1",
        "NETLIFY": "true",
        "LC_TIME": "de_DE",
        "PYTHONPATH": "/x",
        "PIP_TARGET": "/x",
    }
    kept = {
        "HOME": "/home/me",
        "npm_config_registry": "https://r.example",
        "HTTPS_PROXY": "http://p",
        "NPM_TOKEN": "t",
        "NODE_EXTRA_CA_CERTS": "/ca.pem",
        "PIP_INDEX_URL": "https://i",
        "npm_config_cache": "/c",
    }
    cleaned = clean_environment({**outer, **kept, "TZ": "Asia/Tokyo"})
    assert not outer.keys() & cleaned.keys()
    assert kept.items() <= cleaned.items()
    assert cleaned["TZ"] == "UTC"
