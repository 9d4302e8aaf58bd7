"""Fetching files from a mirror: its proxies, its certificates, its bad days."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packager.core.errors import EnvironmentFault
from packager.core.units import format_bytes, format_count

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTEMPTS = 3
TIMEOUT_SECONDS = 30.0
_PAUSE_SECONDS = 0.5
_CHUNK_BYTES = 1 << 20
_BUNDLES = ("PACKAGER_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")


class MissingError(Exception):
    """The mirror has no such file."""


class Mirror:
    """Addresses behind this environment's proxies and certificates."""

    def __init__(self, environment: Mapping[str, str], timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._environment = environment
        self._timeout_seconds = timeout_seconds

    def read(self, address: str) -> bytes:
        """Return what a short file, such as a checksum, holds. Raises as `download` does."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "body")
            self.download(address, path, limit_bytes=4096)
            return path.read_bytes()

    def download(self, address: str, path: Path, limit_bytes: int | None = None) -> None:
        """Write what an address gives to a file. Raises `MissingError` for 404, EnvironmentFault for the rest."""
        if urlsplit(address).scheme not in ("http", "https"):
            msg = "is not an http or https address"
            raise EnvironmentFault(msg, where=address, fix=mirror_fix())
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(_PAUSE_SECONDS * attempt)
            try:
                self._download_once(address, path, limit_bytes)
            except urllib.error.HTTPError as error:
                error.close()
                if error.code == 404:
                    raise MissingError(address) from error
                reason = f"the mirror answers {error.code} {error.reason}"
                if error.code < 500:
                    break
            except urllib.error.URLError as error:
                reason = _reason(error.reason)
            except (TimeoutError, http.client.HTTPException, ConnectionError, ssl.SSLError) as error:
                reason = _reason(error)
            else:
                return
        msg = f"cannot be fetched: {reason}"
        raise EnvironmentFault(msg, where=address, fix=mirror_fix())

    def _download_once(self, address: str, path: Path, limit_bytes: int | None) -> None:
        request = urllib.request.Request(address, headers={"User-Agent": "packager"})
        deadline = time.monotonic() + 20 * self._timeout_seconds
        with self._opener().open(request, timeout=self._timeout_seconds) as response, path.open("wb") as out:
            size, announced = 0, response.headers.get("Content-Length")
            while piece := response.read(_CHUNK_BYTES):
                size += len(piece)
                if limit_bytes is not None and size > limit_bytes:
                    msg = "is much longer than a checksum"
                    raise EnvironmentFault(msg, where=address, fix=mirror_fix())
                if time.monotonic() > deadline:
                    msg = "the transfer is too slow"
                    raise TimeoutError(msg)
                out.write(piece)
            if announced and announced.isdigit() and int(announced) != size:
                msg = f"the transfer was cut off after {format_count(size)} of {format_bytes(int(announced))}"
                raise ConnectionError(msg)

    def _opener(self) -> urllib.request.OpenerDirector:
        proxies = {
            scheme: value
            for scheme in ("http", "https", "no")
            if (value := self._environment.get(f"{scheme}_proxy") or self._environment.get(f"{scheme}_proxy".upper()))
        }
        context = ssl.create_default_context()
        for name in _BUNDLES:
            if (bundle := self._environment.get(name)) and Path(bundle).is_file():
                with contextlib.suppress(ssl.SSLError):  # a bundle that is none: the system's certificates still hold
                    context.load_verify_locations(bundle)
        return urllib.request.build_opener(_Proxies(proxies), urllib.request.HTTPSHandler(context=context))


def mirror_fix() -> str:
    """Return what helps where a mirror does not."""
    return (
        "check network and proxy, name a mirror (PRISMA_ENGINES_MIRROR), or let PRISMA_QUERY_ENGINE_LIBRARY or "
        "PRISMA_QUERY_ENGINE_BINARY name an engine file you have"
    )


class _Proxies(urllib.request.ProxyHandler):
    """Proxies from a given environment; urllib's own asks this process's for exceptions."""

    def __init__(self, proxies: dict[str, str]) -> None:
        self._except = [name.strip().lstrip(".").lower() for name in proxies.pop("no", "").split(",") if name.strip()]
        super().__init__(proxies)

    def proxy_open(self, req: urllib.request.Request, proxy: str, type: str) -> object:
        host = (req.host or "").rpartition(":")[0] or (req.host or "")
        if any(name == "*" or host.lower() == name or host.lower().endswith(f".{name}") for name in self._except):
            return None
        return super().proxy_open(req, proxy, type)


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError) and str(error) in ("", "timed out"):
        return "no answer in time"
    return str(error) or type(error).__name__
