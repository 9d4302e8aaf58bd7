"""Secrets never reach a terminal or a log."""

from __future__ import annotations

import pytest

from packager.core.masking import Mask, looks_secret


@pytest.mark.parametrize(
    "name",
    [
        "NPM_TOKEN",
        "githubToken",
        "AWS_SECRET_ACCESS_KEY",
        "DB_PASSWORD",
        "PGPASSWORD",
        "npm_config_//r/:_authToken",
        "API_KEY",
    ],
)
def test_secret_names(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["PATH", "PWD", "KEYBOARD", "HOME", "SSL_CERT_FILE", "npm_config_cache", "AUTHOR"])
def test_ordinary_names(name: str) -> None:
    assert not looks_secret(name)


@pytest.mark.parametrize(
    ("environment", "printed", "shown"),
    [
        ({"NPM_TOKEN": "npm_abcdef"}, "using npm_abcdef now", "using *** now"),
        ({"A_TOKEN": "abcd", "B_TOKEN": "abcdefgh"}, "abcdefgh abcd", "*** ***"),
        ({"DATABASE_URL": "postgres://u:p%40ss@h/db"}, "auth p@ss failed", "auth *** failed"),
        ({}, "GET https://u:hunter2@host/x", "GET https://u:***@host/x"),
        ({}, "//registry.example/:_authToken=abc123", "//registry.example/:_authToken=***"),
        ({"PRIVATE_KEY": "-----BEGIN-----\nMIIEabc\n-----END-----"}, "MIIEabc", "***"),
        ({"DEPLOY_SECRET": "a b/c"}, "?s=a%20b%2Fc", "?s=***"),
        ({"USE_TOKEN": "true", "X_KEY": "1"}, "true 1", "true 1"),
        ({"HOME": "/home/ann"}, "/home/ann/x", "/home/ann/x"),
    ],
)
def test_masking(environment: dict[str, str], printed: str, shown: str) -> None:
    assert Mask(environment)(printed) == shown
