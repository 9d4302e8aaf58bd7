"""File contents → what in them looks like a secret. Pure; the values themselves are never kept or shown.

Two kinds: tokens whose form alone says what they are (wherever they stand), and passwords that only a name beside them
gives away (in the project's own files; published packages are full of examples). A literal that must occur is looked
for first, so that most files cost one pass of memory search per rule.
Sources: the providers' own pages on token formats; GitHub's list of secret scanning patterns.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.core.masking import STARS
from packager.model.inventory import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCANNED_MAX_BYTES = 4 << 20
"""Longer files are bundles, data and maps; what people paste secrets into is shorter."""
_IN_PACKAGE_MAX_BYTES = 1 << 20
_OF_PUBLISHERS = re.compile(r"\.map$|\.d\.[cm]?ts$|\.md$")
"""In installed packages, these come from the publisher's compiler and documentation: no configuration is among them."""
_SHOWN = 4
_FOUND_MAX = 20
"""Findings per file: more say nothing new."""
_BITS_PER_CHARACTER = 3.0
"""Shannon entropy of what looks random. Words and placeholders of 20 characters stay below."""


@dataclass(frozen=True)
class _Rule:
    kind: str
    anchors: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    """Group "value" is the secret, else the whole match."""
    random: bool = True
    """Whether the value has to look random."""


def _rule(kind: str, anchors: str, pattern: str, *, random: bool = True) -> _Rule:
    return _Rule(kind, tuple(anchors.encode().split()), re.compile(pattern.encode()), random)


_EVERYWHERE = (
    "AWS access key",
    "private key",
    "GitHub token",
    "npm token",
    "npm credential",
    "Slack token",
    "Stripe key",
)
"""What is looked for in installed packages, too: by whom it was published there does not matter. All the rest is looked
for in the project's own files; going through a large node_modules once per rule would take longer than packing it."""

_TOKENS = (
    _rule("AWS access key", "AKIA ASIA", r"(?<![A-Za-z0-9+/=])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9+/=])"),
    _rule(
        "AWS secret key", "aws_secret secretAccessKey SECRET_ACCESS_KEY SecretAccessKey",
        r"(?i:aws_?secret_?(?:access_?)?key|secret_?access_?key)[\"']?\s*[=:]\s*[\"']?(?P<value>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])",
    ),
    _rule(
        "private key", "PRIVATE",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\r|\\n|\s)+(?:[A-Za-z-]+: [^\r\n]*\s+)*"
        r"(?P<value>[A-Za-z0-9+/=]{40,})",
        random=False,
    ),
    _rule("age key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    _rule("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"(?<![A-Za-z0-9_])gh[pousr]_[A-Za-z0-9]{36,251}(?![A-Za-z0-9])"),
    _rule("GitHub token", "github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _rule("GitLab token", "glpat-", r"glpat-[A-Za-z0-9_-]{20,}"),
    _rule("npm token", "npm_", r"(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9_])"),
    _rule(
        "npm credential", ":_auth :_password",
        r"(?m:^)//[^\s:]+:_(?:authToken|auth|password)\s*=\s*(?P<value>[^\s${}]{8,})", random=False,
    ),
    _rule("PyPI token", "pypi-AgE", r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    _rule("Slack token", "xoxb- xoxp- xoxa- xoxr- xoxs-", r"xox[abprs]-[0-9]{6,}-[0-9A-Za-z-]{12,}"),
    _rule(
        "Slack webhook", "hooks.slack.com",
        r"hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/(?P<value>[A-Za-z0-9]{20,})",
    ),
    _rule("Discord webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d{17,}/(?P<value>[\w-]{60,})"),
    _rule("Stripe key", "k_live_", r"(?<![A-Za-z0-9])[sr]k_live_[A-Za-z0-9]{20,}"),
    _rule("Stripe webhook secret", "whsec_", r"(?<![A-Za-z0-9])whsec_[A-Za-z0-9+/]{32,}"),
    _rule("Google API key", "AIza", r"(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    _rule("Google OAuth secret", "GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{28}"),
    _rule("SendGrid key", "SG.", r"(?<![A-Za-z0-9_.])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _rule("Mailgun key", "key-", r"(?<![A-Za-z0-9-])key-[0-9a-f]{32}(?![0-9a-f])"),
    _rule("OpenAI key", "T3BlbkFJ", r"sk-[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}"),
    _rule("Anthropic key", "sk-ant-", r"sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{80,}"),
    _rule("Hugging Face token", "hf_", r"(?<![A-Za-z0-9_])hf_[A-Za-z]{34}(?![A-Za-z0-9])"),
    _rule("DigitalOcean token", "do", r"do[opr]_v1_[a-f0-9]{64}"),
    _rule("Shopify token", "shp", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    _rule("Vault token", "hvs. hvb.", r"(?<![A-Za-z0-9])hv[sb]\.[A-Za-z0-9_-]{24,}"),
    _rule("Databricks token", "dapi", r"(?<![A-Za-z0-9])dapi[0-9a-f]{32}(?![0-9a-f])"),
    _rule("Azure storage key", "AccountKey=", r"AccountKey=(?P<value>[A-Za-z0-9+/]{86}==)"),
    _rule("Telegram bot token", ":AA", r"(?<![0-9])\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
    _rule("Grafana token", "glsa_", r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),
    _rule("Linear key", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    _rule("Netlify token", "nfp_", r"(?<![A-Za-z0-9_])nfp_[A-Za-z0-9]{36,}"),
    _rule("New Relic key", "NRAK-", r"NRAK-[A-Z0-9]{27}"),
    _rule("Postman key", "PMAK-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    _rule("PlanetScale token", "pscale_", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,}"),
    _rule("Sentry token", "sntrys_", r"sntrys_[A-Za-z0-9+/=_]{80,}"),
)  # fmt: skip

# The commonest form of each is enough of a reason to look closer.
_TOKENS_EVERYWHERE = tuple(replace(rule, anchors=rule.anchors[:1]) for rule in _TOKENS if rule.kind in _EVERYWHERE)

_URL = re.compile(
    rb"(?<![a-z0-9])(?P<scheme>[a-z][a-z0-9+.]{2,20})://(?P<user>[^\s:/@\"'<>{}$]{0,64}):(?P<value>[^\s:/@\"'<>{}$`]{3,256})"
    rb"@(?P<host>[A-Za-z0-9.-]+)"
)
_EXAMPLES = re.compile(
    rb"^[^.]+$|^127\.|^0\.0\.0\.0$|(?:^|\.)example\.\w+$|\.(?:local|test|example|localhost|invalid)$"
)
"""Hosts whose passwords protect nothing: a name without a dot is a container or the machine itself (RFC 2606, 6761)."""
_NAME = (
    r"[A-Za-z0-9_.-]*(?:secret|token|passw(?:or)?d|api_?key|private_?key|access_?key|auth_?key|credentials?|passphrase)"
)
_SETTING = re.compile(
    rf"(?im)^\s*(?:export\s+)?[\"']?(?P<name>{_NAME})[\"']?\s*[=:]\s*(?P<quote>[\"']?)(?P<value>[^\s\"'#,;]{{6,}})(?P=quote)".encode()
)
_CODE = re.compile(
    rf"(?i)(?<![A-Za-z0-9])(?P<name>{_NAME})[\"']?\s*[=:]\s*(?P<quote>[\"'])(?P<value>[A-Za-z0-9+/=_-]{{16,200}})(?P=quote)".encode()
)
_SETTINGS_FILE = re.compile(
    r"(?:^|/)\.env(?:\.[^/]*)?$|\.(?:ini|cfg|conf|properties|toml|ya?ml|tfvars|env)$|(?:^|/)(?:credentials|\.netrc|\.pypirc)$"
)
_CODE_FILE = re.compile(r"\.(?:[cm]?[jt]sx?|json|py|rb|sh)$")
_PLACEHOLDER = re.compile(
    rb"(?i)example|placeholder|changeme|change[-_]me|your|dummy|sample|redacted|xxxx|\*\*\*|<|>|\$\{|\{\{|todo|insert|"
    rb"^(?:test|fake|mock|none|null|undefined|true|false|secret|password|passw|user|process\.env|os\.environ|env\.|ssm:|arn:)"
)


def secrets_in(
    path: str, data: bytes, *, in_package: bool, from_package: Callable[[int], bool] | None = None
) -> tuple[Secret, ...]:
    """Return what looks like a secret in a file, by line. Only text is looked at, and only the first megabytes.

    `from_package` says of an offset in joined code whether an installed package's code stands there: in that, only what
    is looked for in installed packages counts, and as theirs.
    """
    if b"\0" in data[:1024] or (in_package and not worth_scanning(path, len(data))):
        return ()
    data = data[:SCANNED_MAX_BYTES]
    found: dict[int, Secret] = {}
    for at, secret in _candidates(path, data, in_package=in_package):
        if from_package is not None and from_package(at):
            if secret.kind not in _EVERYWHERE:
                continue
            secret = replace(secret, of_package=True)
        found.setdefault(at, secret)
        if len(found) >= _FOUND_MAX:
            break
    return tuple(sorted(found.values(), key=lambda secret: (secret.line, secret.kind)))


def worth_scanning(path: str, size_bytes: int) -> bool:
    """Return whether a text of an installed package is looked into."""
    return size_bytes <= _IN_PACKAGE_MAX_BYTES and not _OF_PUBLISHERS.search(path)


def _candidates(path: str, data: bytes, *, in_package: bool) -> Iterator[tuple[int, Secret]]:
    for rule in _TOKENS_EVERYWHERE if in_package else _TOKENS:
        for anchor in rule.anchors:
            if anchor in data:
                for match in rule.pattern.finditer(data):
                    yield from _judged(rule.kind, match, data, random=rule.random)
                break
    if in_package:
        return
    if b"://" in data:
        for match in _URL.finditer(data):
            if not _EXAMPLES.search(match["host"].lower()):
                yield from _judged(f"password in a {match['scheme'].decode()} URL", match, data, random=False)
    if _SETTINGS_FILE.search(path):
        for match in _SETTING.finditer(data):
            yield from _judged(f"value of {match['name'].decode()}", match, data, random=False)
    elif _CODE_FILE.search(path):
        for match in _CODE.finditer(data):
            if _looks_random(match["value"], mixed=True):
                yield from _judged(f"value of {match['name'].decode()}", match, data, random=False, certain=False)


def _judged(
    kind: str, match: re.Match[bytes], data: bytes, *, random: bool, certain: bool = True
) -> Iterator[tuple[int, Secret]]:
    named = "value" in match.re.groupindex
    value, at = (match["value"], match.start("value")) if named else (match[0], match.start())
    if _PLACEHOLDER.search(value) or (random and not _looks_random(value)):
        return
    yield at, Secret(kind, data.count(b"\n", 0, at) + 1, _masked(value), certain)


def _masked(value: bytes) -> str:
    """Return what may be shown of a value: the beginning of a long one, nothing of a password."""
    return (value[:_SHOWN].decode("ascii", "replace") if len(value) >= 16 else "") + STARS


def _looks_random(value: bytes, *, mixed: bool = False) -> bool:
    """Return whether a value is not a word, a run or a pattern; `mixed` also wants letters and digits."""
    if mixed and not (re.search(rb"\d.*\d", value) and re.search(rb"[A-Za-z]", value)):
        return False
    counts = [value.count(bytes([byte])) for byte in set(value)]
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
    return entropy >= (_BITS_PER_CHARACTER + 0.5 if mixed else _BITS_PER_CHARACTER)
