"""Where a Docker engine may be listening on this machine, in the order we ask. Reads files, connects to nothing."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packager.core.units import format_timeout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Address:
    """One place to ask, and who named it."""

    url: str
    """``unix:///var/run/docker.sock``, ``tcp://host:2376``, ``ssh://user@host``, ``npipe:////./pipe/docker_engine``."""
    origin: str
    """``DOCKER_HOST``, ``docker context colima``, ``Docker's default socket``, …"""
    tls: Path | None = None
    """Folder with ca.pem, cert.pem and key.pem; None for a plain connection."""
    verify: bool = True
    """Whether the engine's certificate is checked against ca.pem."""
    problem: str = ""
    """Why this address is unusable before a connection is made: a context that has no files."""


def addresses(environment: Mapping[str, str], home: Path) -> tuple[Address, ...]:
    """Return the addresses to try, best first.

    What the user named (DOCKER_HOST, then DOCKER_CONTEXT) is the only one tried, as in Docker's own command line.
    Without that: the current context of ``docker context use``, then the sockets that engines are known to make.
    """
    config = Path(environment.get("DOCKER_CONFIG") or home / ".docker")
    if host := environment.get("DOCKER_HOST"):
        verify = bool(environment.get("DOCKER_TLS_VERIFY"))
        certificates = Path(environment.get("DOCKER_CERT_PATH") or config) if verify else None
        return (Address(host, "DOCKER_HOST", certificates),)
    named = environment.get("DOCKER_CONTEXT")
    if named and named != "default":
        return (_context(config, named, "DOCKER_CONTEXT"),)
    current = "" if named else _current_context(config)
    found = [_context(config, current, "docker context")] if current not in ("", "default") else []
    found += [Address(url, origin) for url, origin in _well_known(environment, home)]
    return tuple({address.url: address for address in reversed(found)}.values())[::-1]


def _current_context(config: Path) -> str:
    """Return the name ``docker context use`` wrote; empty where nothing readable says so."""
    try:
        document = json.loads((config / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return ""  # no or a foreign config.json: Docker's own default holds
    name = document.get("currentContext") if isinstance(document, dict) else None
    return name if isinstance(name, str) else ""


def _context(config: Path, name: str, origin: str) -> Address:
    """Return a context's endpoint. Source: docker/cli, context/store: folders are named by the SHA-256 of the name."""
    folder = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts" / "meta" / folder / "meta.json"
    label = f"{origin} {name}"
    try:
        endpoint = json.loads(meta.read_text("utf-8"))["Endpoints"]["docker"]
        url, skip = endpoint["Host"], bool(endpoint.get("SkipTLSVerify", False))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Address(f"context:{name}", label, problem=f"its file cannot be read ({type(error).__name__}: {error})")
    tls = config / "contexts" / "tls" / folder / "docker"
    return Address(str(url), label, tls if tls.is_dir() else None, verify=not skip)


def _well_known(environment: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    if os.name == "nt":
        yield "npipe:////./pipe/docker_engine", "Docker's default pipe"
        return
    yield "unix:///var/run/docker.sock", "Docker's default socket"
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        yield f"unix://{runtime}/docker.sock", "rootless Docker"
    colima = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "colima"
    for path, origin in (
        (home / ".docker/run/docker.sock", "Docker Desktop"),
        (home / ".docker/desktop/docker.sock", "Docker Desktop"),
        (home / ".colima/default/docker.sock", "colima"),
        (colima / "default/docker.sock", "colima"),
        (home / ".orbstack/run/docker.sock", "OrbStack"),
        (home / ".rd/docker.sock", "Rancher Desktop"),
        (home / ".local/share/containers/podman/machine/podman.sock", "podman machine"),
    ):
        yield f"unix://{path}", origin
    if runtime:
        yield f"unix://{runtime}/podman/podman.sock", "rootless podman"
    yield "unix:///run/podman/podman.sock", "podman"


def why_unreachable(address: Address) -> str:
    """Return why nothing can answer there, in a few words; empty if a connection comes about.

    Asked first because the client library wraps every one of these causes into the same exception.
    """
    if address.problem:
        return address.problem
    url = urlsplit(address.url)
    try:
        if url.scheme == "unix":
            family = getattr(socket, "AF_UNIX", None)
            if family is None:
                return "this Python has no Unix sockets"
            with socket.socket(family) as probe:
                probe.settimeout(CONNECT_SECONDS)
                probe.connect(url.path)
        elif url.scheme in ("tcp", "http", "https"):
            if url.hostname is None:
                return "not an address"
            with socket.create_connection((url.hostname, url.port or 2375), CONNECT_SECONDS):
                pass
        elif url.scheme not in ("ssh", "npipe"):
            return "not an address: write unix:///path, tcp://host:port or ssh://user@host"
    except FileNotFoundError:
        return "does not exist"
    except PermissionError:
        return "permission denied"
    except ConnectionRefusedError:
        return "nothing listens there"
    except socket.gaierror:
        return "host name unknown"
    except TimeoutError:
        return f"no answer within {format_timeout(CONNECT_SECONDS)}"
    except (OSError, ValueError) as error:
        return str(error)
    return ""
