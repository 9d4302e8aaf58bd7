"""Forty planted secrets, all found, none shown; and the things that only look like some."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING

import pytest

from packager.audit.bundle.secrets import NAME_HINTS
from packager.audit.judge import audit_archive
from packager.audit.silence import silenced
from packager.inventory.secrets import secrets_in
from packager.select.trim.secrets import SECRET_NAMES
from tests.support.mounts import target

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.findings import Finding

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def chars(count: int, alphabet: str = ALNUM) -> str:
    """Return random characters, the same in every run: nothing here may look like a real credential in the source."""
    return "".join(random.Random(f"{count}{alphabet}").choices(alphabet, k=count))


def key(title: str) -> str:
    """Return a private key in its armour."""
    body = "\n".join(chars(64, ALNUM + "+/") for _ in range(8))
    return f"-----BEGIN {title}-----\n{body}\n-----END {title}-----\n"


UPPER = string.ascii_uppercase + "234567"
PLANTED: dict[str, tuple[str, str]] = {
    "aws-id": ("config.js", f"const id = 'AKIA{chars(16, UPPER)}'"),
    "aws-session": ("config.json", f'{{"id": "ASIA{chars(16, UPPER)}"}}'),
    "aws-secret": ("src/aws.ts", f"secretAccessKey: '{chars(40)}'"),
    "aws-credentials": (".aws/credentials", f"[default]\naws_secret_access_key = {chars(40)}\n"),
    "rsa": ("certs/server.txt", key("RSA PRIVATE KEY")),
    "pkcs8": ("server.pem", key("PRIVATE KEY")),
    "ec": ("jwt.key", key("EC PRIVATE KEY")),
    "openssh": ("deploy", key("OPENSSH PRIVATE KEY")),
    "encrypted": ("x.pem", key("ENCRYPTED PRIVATE KEY")),
    "gcp": ("account.json", '{"private_key": "' + key("PRIVATE KEY").replace("\n", "\\n") + '"}'),
    "pgp": ("me.asc", key("PGP PRIVATE KEY BLOCK").replace("-----\n", "-----\nVersion: 1\n\n", 1)),
    "age": ("age.txt", "AGE-SECRET-KEY-1" + chars(58, string.ascii_uppercase + string.digits)),
    "github": ("ci.sh", "git clone https://x:ghp_" + chars(36) + "@github.com/a/b"),
    "github-app": ("a.js", "ghs_" + chars(36)),
    "github-pat": ("a.js", "github_pat_" + chars(22) + "_" + chars(59)),
    "gitlab": ("a.yml", "token: glpat-" + chars(20)),
    "npm": ("a.js", "npm_" + chars(36)),
    "npmrc": (".npmrc", "//npm.example.test/:_authToken=" + chars(36)),
    "npmrc-password": (".npmrc", "//npm.company.io/:_password=" + chars(24)),
    "pypi": (".pypirc", "[pypi]\npassword = pypi-AgEIcHlwaS5vcmc" + chars(60)),
    "slack": ("a.py", "TOKEN = 'xoxb-" + chars(12, "123456789") + "-" + chars(24) + "'"),
    "slack-hook": ("a.py", "hooks.slack.com/services/T" + chars(9, UPPER) + "/B" + chars(9, UPPER) + "/" + chars(24)),
    "stripe": ("pay.js", "sk_" + "live_" + chars(24)),
    "stripe-hook": ("pay.js", "whsec_" + chars(32)),
    "google": ("maps.js", "AIza" + chars(35)),
    "google-oauth": ("a.json", "GOCSPX-" + chars(28)),
    "sendgrid": ("mail.js", "SG." + chars(22) + "." + chars(43)),
    "mailgun": ("mail.js", "key-" + chars(32, HEX)),
    "openai": ("ai.js", "sk-" + chars(20) + "T3BlbkFJ" + chars(20)),
    "anthropic": ("ai.py", "sk-ant-api03-" + chars(93)),
    "hugging-face": ("ai.py", "hf_" + chars(34, string.ascii_letters)),
    "digitalocean": ("a.tf", "dop_v1_" + chars(64, HEX)),
    "shopify": ("a.js", "shpat_" + chars(32, HEX)),
    "vault": ("a.sh", "VAULT_TOKEN=hvs." + chars(24)),
    "azure": ("a.json", "AccountKey=" + chars(86) + "=="),
    "telegram": ("bot.js", chars(9, "123456789") + ":AA" + chars(33)),
    "postgres": ("db.js", "postgresql://app:" + chars(12) + "@db7.company.io:5432/app"),
    "mongodb": ("db.js", "mongodb+srv://app:" + chars(12) + "@cluster0.mongodb.net/app"),
    "dotenv": (".env", f"NODE_ENV=production\nJWT_SECRET={chars(20)}\n"),
    "dotenv-password": (".env.production", "export DB_PASSWORD='hunter2hunter2'\n"),
    "ini": ("config/app.ini", "smtp_password = " + chars(12)),
    "yaml": ("config/app.yaml", "apiKey: " + chars(24)),
    "in-code": ("src/x.js", f'const apiKey = "{chars(32)}"'),
    "in-json": ("src/x.json", f'{{"clientSecret": "{chars(32)}"}}'),
}  # fmt: skip


def findings(folder: Path) -> list[Finding]:
    """Return what is said of secrets in a folder."""
    return [each for each in audit_archive(folder, [], target()) if each.code.startswith("SEC")]


def test_all_planted_secrets_are_found_and_none_is_shown(tmp_path: Path) -> None:
    assert len(PLANTED) >= 40
    for name, (path, text) in PLANTED.items():
        place = tmp_path / name / path
        place.parent.mkdir(parents=True)
        place.write_text("first line\n" + text + "\n")
    found = [each for each in findings(tmp_path) if each.code != "SEC001"]
    missing = [name for name in PLANTED if not any(f"!{name}/" in each.subject for each in found)]
    assert not missing
    for each in found:
        text = PLANTED[each.subject.partition("!")[2].partition("/")[0]][1]
        shown = str(each)
        words = [word for word in text.replace("'", " ").replace('"', " ").split() if len(word) > 24]
        assert not any(word in shown for word in words), shown
        assert "hunter2" not in shown
        assert "in line " in each.message


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.js", "AKIAIOSFODNN7EXAMPLE"),
        ("a.js", "-----BEGIN PRIVATE KEY-----"),
        ("a.js", "const header = '-----BEGIN RSA PRIVATE KEY-----\\n' + body"),
        ("a.js", "const password = process.env.DB_PASSWORD"),
        ("a.js", 'password: "correct-horse-battery-staple"'),
        ("a.js", "postgresql://user:${PASSWORD}@host.example.com/db"),
        ("a.js", "postgresql://postgres:postgres@localhost:5432/db"),
        ("a.js", "https://user:password@company.io"),
        (".env", "API_TOKEN=your-token-here\nDEBUG=true\nSECRET=\nPASSWORD=changeme\n"),
        (".npmrc", "//npm.example.test/:_authToken=${NPM_TOKEN}"),
        ("a.yml", "token: ${{ secrets.GITHUB_TOKEN }}"),
        ("a.js", "sha512-" + chars(86) + "=="),
        ("a.json", '{"integrity": "sha512-' + chars(86) + '=="}'),
        ("a.js", "key-value-pairs ghp_short npm_config_registry xoxb-no sk_live_"),
        ("a.js", "const tokenType = 'access_token'; const authorization = `Bearer ${token}`"),
        ("a.bin", "\0AKIA" + chars(16, UPPER)),
    ],
)
def test_what_only_looks_like_a_secret(path: str, text: str) -> None:
    assert secrets_in(path, text.encode(), in_package=False) == ()


def test_installed_packages_are_looked_into_for_real_tokens_only() -> None:
    token, assignment = PLANTED["github"][1].encode(), PLANTED["in-code"][1].encode()
    assert secrets_in("index.js", token, in_package=True)
    assert not secrets_in("index.js", assignment, in_package=True)
    assert not secrets_in("README.md", token, in_package=True)


def test_a_secret_of_a_package_is_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "node_modules/x"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"name": "x", "version": "1.0.0"}')
    (folder / "index.js").write_text(PLANTED["rsa"][1])
    (found,) = findings(tmp_path)
    assert (found.code, found.severity, found.package) == ("SEC002", "warning", "x@1.0.0")


def test_a_secret_is_accepted_by_its_exact_path_only(tmp_path: Path) -> None:
    (tmp_path / "config.js").write_text(PLANTED["stripe"][1])
    found = findings(tmp_path)
    assert [each.severity for each in found] == ["error"]
    for path in ("**", "*.js", "config.*"):
        assert list(silenced(found, [("SEC002", path, "test key")])) == found
    (accepted,) = silenced(found, [("SEC002", "config.js", "a key of the test system")])
    assert accepted.severity == "note"
    assert "a key of the test system" in accepted.message


def test_the_hints_cover_every_name() -> None:
    for pattern, _ in SECRET_NAMES:
        assert any(hint in pattern for hint in NAME_HINTS), pattern
