"""Files that look like secrets by their names. They are packed only if an include pattern names them itself."""

from __future__ import annotations

from packager.select.trim.patterns import compiled, literal_part, matches

# Each with the reason the user reads. Order matters: the first match names the reason.
SECRET_NAMES: tuple[tuple[str, str], ...] = (
    ("{**/,}.env", "environment file"),
    ("{**/,}.env.*", "environment file"),
    ("{**/,}.npmrc", "npm configuration, may hold a token"),
    ("{**/,}.yarnrc{,.yml}", "yarn configuration, may hold a token"),
    ("{**/,}.pypirc", "PyPI configuration, may hold a password"),
    ("{**/,}.netrc", "passwords for network hosts"),
    ("{**/,}.git-credentials", "git passwords"),
    ("{**/,}.aws/**", "AWS credentials and configuration"),
    ("{**/,}.ssh/**", "SSH keys"),
    ("{**/,}.gnupg/**", "GnuPG keys"),
    ("{**/,}.docker/config.json", "registry passwords"),
    ("{**/,}.kube/**", "cluster credentials"),
    ("{**/,}.config/gcloud/**", "Google credentials"),
    ("{**/,}id_{rsa,dsa,ecdsa,ed25519}", "private SSH key"),
    ("{**/,}*.{pem,key,p12,pfx,jks,keystore,ppk}", "key material"),
    ("{**/,}*service-account*.json", "Google service account"),
    ("{**/,}credentials{,.json}", "credentials"),
)
# Published examples and certificate bundles are no secrets; packages read the latter at run time.
HARMLESS: tuple[str, ...] = (
    "{**/,}.env.{example,sample,template,dist,defaults}",
    "{**/,}cacert.pem",
    "{**/,}ca-bundle.pem",
    "{**/,}*.pub.pem",
    "{**/,}public*.pem",
)


def secret_reason(path: str, in_package: bool) -> str:
    """Return why a path looks like a secret; empty if it does not.

    Inside an installed package only personal files count: published packages carry test keys and CA files on purpose.
    """
    for pattern, reason in SECRET_NAMES:
        if literal_part(pattern) in path and compiled(pattern).match(path):
            if in_package and reason in ("key material", "credentials", "environment file"):
                return ""
            return "" if any(compiled(harmless).match(path) for harmless in HARMLESS) else reason
    return ""


def asked_for(path: str, patterns: tuple[str, ...]) -> bool:
    """Return whether an include pattern names this file itself rather than catching it with a bare wildcard.

    ``.env.production``, ``config/*.pem`` and ``.aws/**`` name it; ``**`` and ``src/**`` do not, and take nothing back
    when they come after. A later ``!`` does.
    """
    for pattern in reversed(patterns):
        if matches(path, pattern.removeprefix("!")):
            if pattern.startswith("!"):
                return False
            if _names(pattern, path):
                return True
    return False


def _names(pattern: str, path: str) -> bool:
    last = [part for part in pattern.split("/") if part != "**"]
    wanted = last[-1] if last else "*"
    if wanted.strip("*") in ("", "."):
        return False
    return bool(compiled(f"{{**/,}}{wanted}").match(path)) or wanted.startswith(".")
