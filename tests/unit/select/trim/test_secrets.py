"""Files that look like secrets are packed only if they are named."""

from __future__ import annotations

import pytest

from packager.select.trim.secrets import asked_for, secret_reason


@pytest.mark.parametrize(
    "path",
    [
        ".env", ".env.production", "config/.env.local", ".npmrc", "packages/a/.npmrc", ".yarnrc.yml", ".pypirc",
        ".netrc",
        ".aws/credentials", ".aws/config", "home/.ssh/config", "id_rsa", "keys/id_ed25519", "certs/server.key",
        "certs/server.pem", "store.p12", "app.keystore", "google-service-account.json", "credentials.json",
        ".docker/config.json", ".kube/config", ".config/gcloud/x.db", ".git-credentials",
    ],
)  # fmt: skip
def test_secrets_of_the_project(path: str) -> None:
    assert secret_reason(path, in_package=False)


@pytest.mark.parametrize(
    "path",
    [
        ".env.example", ".env.sample", "env.js", "src/environment.ts", "certs/cacert.pem", "ca-bundle.pem",
        "public.pem",
        "jwt.pub.pem", "src/keys.js", "monkey", "src/id_rsa.test.js", "credentials.js", "docs/aws/credentials.md",
        "keyboard.keys", ".docker/daemon.json",
    ],
)  # fmt: skip
def test_what_only_sounds_like_one(path: str) -> None:
    assert secret_reason(path, in_package=False) == ""


@pytest.mark.parametrize("path", ["node_modules/a/test/key.pem", "node_modules/a/.env", "node_modules/a/credentials"])
def test_packages_carry_test_keys_on_purpose(path: str) -> None:
    assert secret_reason(path, in_package=True) == ""


@pytest.mark.parametrize("path", ["node_modules/a/.npmrc", "node_modules/a/.aws/credentials", "node_modules/a/id_rsa"])
def test_personal_files_in_packages_are_secrets_all_the_same(path: str) -> None:
    assert secret_reason(path, in_package=True)


@pytest.mark.parametrize(
    ("path", "patterns", "asked"),
    [
        (".env", (".env",), True),
        ("config/prod.pem", ("config/*.pem",), True),
        ("config/prod.pem", ("**/*.pem",), True),
        (".env.production", (".env.*",), True),
        (".aws/config", (".aws/**",), True),
        ("src/.env", ("src/**",), False),
        (".env", ("**",), False),
        (".env", ("*",), False),
        (".env", (".*",), False),
        ("src/key.pem", ("src",), False),
        (".env", (".env", "!**/.env"), False),
        (".env", ("!.env", ".env"), True),
        (".env", (), False),
    ],
)
def test_a_wildcard_that_happens_to_catch_a_secret_does_not_ask_for_it(
    path: str, patterns: tuple[str, ...], asked: bool
) -> None:
    assert asked_for(path, patterns) is asked
