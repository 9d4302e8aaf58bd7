"""Secrets out of everything we print: logs, live output, error messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

STARS = "***"
_SECRET_WORDS = frozenset(
    {"auth", "authtoken", "credential", "key", "pass", "passphrase", "pat", "pwd", "secrets", "tokens"}
)
_SECRET_ENDINGS = ("apikey", "credentials", "passwd", "password", "secret", "token")
_NOT_SECRET = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK"})
# Values everybody's output is full of; starring them would hide the message and no secret.
_TRIVIAL = frozenset(
    {"", "true", "false", "none", "null", "undefined", "0", "1", "yes", "no", "always", "legacy", "basic"}
)
_MINIMUM_LENGTH = 4
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_URL_PASSWORD = re.compile(r"(?<=://)([^\s/:@]*):([^\s/@]+)@")
_NPM_AUTH = re.compile(r"(_(?:authToken|auth|password)\s*=\s*)\S+")


def looks_secret(name: str) -> bool:
    """Return whether an environment variable of that name is likely to hold a secret.

    >>> looks_secret("NPM_TOKEN"), looks_secret("githubToken"), looks_secret("KEYBOARD"), looks_secret("PWD")
    (True, True, False, False)
    """
    words = [word.lower() for word in _WORD.findall(name)]
    return name not in _NOT_SECRET and any(w in _SECRET_WORDS or w.endswith(_SECRET_ENDINGS) for w in words)


class Mask:
    """Replaces known secret values, passwords in URLs and npm credentials by ``***``.

    >>> Mask({"API_TOKEN": "s3cr3t"})("curl -H s3cr3t https://me:hunter2@example.com")
    'curl -H *** https://me:***@example.com'
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        values: set[str] = set()
        for name, value in environment.items():
            if looks_secret(name):
                values.update(line.strip() for line in value.splitlines())  # a PEM key is printed line by line
            values.update(unquote(match[2]) for match in _URL_PASSWORD.finditer(value))
        values |= {quote(value, safe="") for value in values}
        known = sorted(
            (v for v in values if len(v) >= _MINIMUM_LENGTH and v.lower() not in _TRIVIAL), key=len, reverse=True
        )
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """Return the text without the secrets."""
        if self._known is not None:
            text = self._known.sub(STARS, text)
        text = _URL_PASSWORD.sub(rf"\1:{STARS}@", text)
        return _NPM_AUTH.sub(rf"\1{STARS}", text)
