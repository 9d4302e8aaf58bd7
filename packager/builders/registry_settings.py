"""What a build in a container takes along from this machine: CA certificates, proxies, registry settings.

Without them a container behind a company's proxy, or in need of a private registry, fails where the host does not.
Nothing of it is written into the project or the result.
"""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packager.core.errors import EnvironmentFault
from packager.package_managers.registry import PACKAGE_MANAGERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL, Amazon Linux
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, Alpine
)
_GLOBAL_NPMRC = ("/usr/local/etc/npmrc", "/usr/etc/npmrc")
_SYSTEM_PIP = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf")
_NAMED_BUNDLES = (
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "npm_config_cafile",
    "NPM_CONFIG_CAFILE",
)
_TRUSTING = ("NODE_EXTRA_CA_CERTS", "npm_config_cafile", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
_MORE_TRUSTING = ("CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([^}?]+)\??\}")

# Settings that name files or folders of this machine, or that the build decides itself.
_NPM_LOCAL = frozenset(
    {"cache", "cafile", "cert", "global", "globalconfig", "init-module", "json", "key", "keyfile", "certfile"}
    | {"local-prefix", "location", "logs-dir", "node-gyp", "node-options", "nodedir", "prefix"}
    | {"python", "script-shell", "shell", "tmp", "umask", "user-agent", "userconfig", "workspace", "workspaces"}
    | {"arch", "cpu", "dry-run", "ignore-scripts", "include", "libc", "omit", "only", "os", "platform", "production"}
)
_PIP_CARRIED = frozenset(
    {"index-url", "extra-index-url", "find-links", "trusted-host", "no-index", "proxy", "timeout", "default-timeout"}
    | {"retries", "prefer-binary"}
)


@dataclass(frozen=True)
class Surroundings:
    """Everything to set and to put there."""

    certificates: bytes = field(default=b"", repr=False)
    """PEM bundle; empty if this machine has none."""
    npmrc: str = field(default="", repr=False)
    """npm's user configuration without what holds on this machine only. May contain credentials."""
    proxies: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """In both spellings, since every tool reads another one."""
    registries: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """npm_config_… and PIP_… settings, and what the npm configuration refers to by ``${NAME}``."""

    def environment(self, certificates_path: str, npmrc_path: str) -> dict[str, str]:
        """Return the variables for the container, given where its copies of the two files lie."""
        trusting = {name: certificates_path for name in (*_TRUSTING, *_MORE_TRUSTING) if self.certificates}
        return {**dict(self.proxies), **dict(self.registries), **trusting, "npm_config_userconfig": npmrc_path}


def surroundings(environment: Mapping[str, str], home: Path, project: Path | None = None) -> Surroundings:
    """Read what this machine has. Raises EnvironmentFault if PACKAGER_CA_BUNDLE names no readable bundle."""
    npmrc = "".join(f"{line}\n" for line in _npm_lines(environment, home))
    referring = npmrc + "".join(_project_settings(project))
    registries = dict(_npm_variables(environment))
    registries |= dict(_pip_settings(environment, home))
    registries |= {name: environment[name] for name in _VARIABLE.findall(referring) if name in environment}
    return Surroundings(
        _certificates(environment, home), npmrc, tuple(_proxies(environment)), tuple(registries.items())
    )


def _project_settings(project: Path | None) -> Iterator[str]:
    """Yield the texts of the settings that package managers read in a project's folder."""
    if project is None:
        return
    for name in dict.fromkeys(name for plugin in PACKAGE_MANAGERS.values() for name in plugin.settings_files):
        yield _text(project / name) + "\n"


def _certificates(environment: Mapping[str, str], home: Path) -> bytes:
    """Return every certificate trusted here, once, those that were named first.

    Merged, since NODE_EXTRA_CA_CERTS often holds the company's certificate alone while SSL_CERT_FILE replaces all.
    """
    named = [path for name in _NAMED_BUNDLES if (path := environment.get(name))]
    named += [value for key, value in map(_npm_setting, _text(home / ".npmrc").splitlines()) if key == "cafile"]
    blocks: dict[bytes, None] = {}
    if chosen := environment.get("PACKAGER_CA_BUNDLE"):
        blocks.update(dict.fromkeys(_blocks(chosen)))
        if not blocks:
            msg = "PACKAGER_CA_BUNDLE does not name a readable file with PEM certificates"
            raise EnvironmentFault(msg, where=chosen, fix="set it to the path of a CA bundle, or unset it")
    for path in (*named, *_SYSTEM_BUNDLES):
        blocks.update(dict.fromkeys(_blocks(path)))
    return b"".join(block + b"\n" for block in blocks)


def _blocks(path: str) -> list[bytes]:
    try:
        return [block.replace(b"\r\n", b"\n") for block in _CERTIFICATE.findall(Path(path).expanduser().read_bytes())]
    except OSError:
        return []  # a variable left over from elsewhere: the other bundles hold


def _proxies(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in _PROXIES:
        if value := environment.get(name) or environment.get(name.upper()):
            yield name, value
            yield name.upper(), value


def _npm_lines(environment: Mapping[str, str], home: Path) -> Iterator[str]:
    """Yield npm's global, then user configuration (the later line wins), without what holds here only."""
    variables = {name.lower(): value for name, value in environment.items()}
    files = [variables["npm_config_globalconfig"]] if "npm_config_globalconfig" in variables else [*_GLOBAL_NPMRC]
    for path in (*map(Path, files), Path(variables.get("npm_config_userconfig") or home / ".npmrc")):
        for line in _text(path).splitlines():
            key, value = _npm_setting(line)
            if key and _npm_carried(key.removesuffix("[]"), value):
                yield line


def _npm_carried(key: str, value: str) -> bool:
    # A credential may well begin with a slash.
    return key not in _NPM_LOCAL and ("_" in key or not _host_path(value))


def _npm_setting(line: str) -> tuple[str, str]:
    stripped = line.strip()
    if not stripped or stripped[0] in "#;[":
        return "", ""
    key, _, value = stripped.partition("=")
    return key.strip(), value.strip().strip("\"'")


def _npm_variables(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in environment.items():
        if name.lower().startswith("npm_config_"):
            key = name[len("npm_config_") :]
            # npm writes keys of registries as they are (//host/:_authToken) and all others with underscores.
            plain = key if key.startswith("//") else key.lower().strip("_").replace("_", "-")
            if _npm_carried(plain, value):
                yield name, value


def _pip_settings(environment: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    """Yield PIP_ variables for pip's configuration files and variables; the later one of a name wins."""
    files = [*map(Path, _SYSTEM_PIP), home / ".pip/pip.conf", home / ".config/pip/pip.conf"]
    files.append(home / "Library/Application Support/pip/pip.conf")
    if named := environment.get("PIP_CONFIG_FILE"):
        files.append(Path(named))
    for path in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(_text(path))
        except configparser.Error:
            continue  # pip on this machine complains about it better than we could
        for section in ("global", "install"):
            if parser.has_section(section):
                for key, value in parser.items(section):
                    yield from _pip_setting(key, value.split())
    for name, value in environment.items():
        if name.startswith("PIP_"):
            yield from _pip_setting(name[len("PIP_") :], value.split())


def _pip_setting(key: str, words: Iterable[str]) -> Iterator[tuple[str, str]]:
    option = key.lower().replace("_", "-")
    value = " ".join(word for word in words if not _host_path(word))
    if option in _PIP_CARRIED and value:
        yield f"PIP_{option.upper().replace('-', '_')}", value


def _host_path(value: str) -> bool:
    """Return whether a setting's value is a path of this machine, which means nothing in a container."""
    return value.startswith(("/", "~", "./", "../")) or urlsplit(value).scheme == "file"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # absent, which is the usual case, or another user's
