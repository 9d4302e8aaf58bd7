"""Engine files by content: fetched once from a mirror, checked by both sums, kept for every later build.

The folder has the layout of the generator's own cache (``<root>/prisma/master/<commit>/<binary target>/<name>`` with
``.sha256`` and ``.gz.sha256`` beside it), so that one can be copied to the other. A file appears under its name only
when it is whole and its sums are right.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import shutil
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.atomic import PartialPath, remove_stale, write
from packager.core.errors import ArtifactError, EnvironmentFault
from packager.engines.mirror import TIMEOUT_SECONDS, Mirror, MissingError, mirror_fix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packager.model.clients import EngineFile

_CHUNK_BYTES = 1 << 20
_IGNORE_MISSING = "PRISMA_ENGINES_CHECKSUM_IGNORE_MISSING"
_HEX = frozenset("0123456789abcdef")


class EngineStore:
    """The engine cache in a folder, and the mirror behind it."""

    def __init__(
        self,
        cache: Path,
        environment: Mapping[str, str],
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """Take packager's cache folder and the environment that names mirrors, certificates and proxies.

        With npm's own ``npm_config_offline`` in it, nothing is fetched: ``--offline`` sets it for every command.
        """
        self._root = cache / "engines" / "prisma" / "master"
        self._environment = environment
        self._may_fetch = environment.get("npm_config_offline", "").lower() not in ("true", "1")
        self._mirror = Mirror(environment, timeout_seconds)

    def provide(self, files: tuple[EngineFile, ...], folder: Path, project: Path) -> None:
        """Put every file into a folder under the name it has beside the client, executable.

        Raises EnvironmentFault for what cannot be had, ArtifactError for a file the user names that is none.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            source = _named(file, project) if file.local else self.get(file)
            destination = folder / file.file
            shutil.copyfile(source, destination)
            destination.chmod(0o755)

    def get(self, file: EngineFile) -> Path:
        """Return the cached file, fetched if it is not there or no longer what its sum says."""
        place = self._root / file.commit / file.binary_target / file.native.cached
        sum_file = place.with_name(f"{place.name}.sha256")
        with contextlib.suppress(OSError):
            if place.is_file() and _sha256(place) == sum_file.read_text(encoding="ascii").strip():
                return place
        address = f"{self._base(file)}/{file.native.channel}/{file.commit}/{file.binary_target}/{file.native.download}"
        if not self._may_fetch:
            msg = "is not in the cache, and --offline forbids fetching it"
            fix = "build once without --offline, or set its override variable to the file"
            raise EnvironmentFault(msg, where=f"engine {file.file} ({file.commit[:12]})", fix=fix)
        self._fetch(address, place, sum_file)
        return place

    def _base(self, file: EngineFile) -> str:
        for name in file.native.mirrors:
            if value := self._environment.get(name):
                return value.rstrip("/")
        return file.native.base

    def _fetch(self, address: str, place: Path, sum_file: Path) -> None:
        packed_sum = self._sum(f"{address}.gz.sha256")
        plain_sum = self._sum(f"{address}.sha256")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with _both(place) as (packed, plain):
                try:
                    self._mirror.download(f"{address}.gz", packed.path)
                except MissingError as error:
                    msg = "the mirror does not have this engine (404)"
                    raise EnvironmentFault(msg, where=f"{address}.gz", fix=mirror_fix()) from error
                _compare(f"{address}.gz", packed.path, packed_sum)
                _inflate(f"{address}.gz", packed.path, plain.path)
                _compare(address, plain.path, plain_sum)
                plain.path.chmod(0o755)
                # The sum first: a cached file is only believed when its sum is there and right.
                write(sum_file, _sha256(plain.path).encode())
                write(packed.place.with_name(f"{packed.place.name}.sha256"), _sha256(packed.path).encode())
                plain.take_place()
        except OSError as error:
            msg = f"cannot be written: {error.strerror or error}"
            raise EnvironmentFault(msg, where=str(place.parent), fix="free space, or name another --cache") from error

    def _sum(self, address: str) -> str:
        """Return the published sum; empty where there is none and that is allowed."""
        try:
            body = self._mirror.read(address)
        except MissingError as error:
            if self._environment.get(_IGNORE_MISSING):
                return ""
            msg = "the mirror has no checksum of the engine (404)"
            fix = f"complete the mirror, or set {_IGNORE_MISSING}=1 if you trust it"
            raise EnvironmentFault(msg, where=address, fix=fix) from error
        text = body.decode("ascii", "replace").strip().lower()
        found = text.split()[0] if text else ""
        if len(found) != 64 or not _HEX.issuperset(found):
            msg = f"is not a checksum: {text[:60]!r}"
            raise EnvironmentFault(msg, where=address, fix=mirror_fix())
        return found


@contextlib.contextmanager
def _both(place: Path) -> Iterator[tuple[PartialPath, PartialPath]]:
    """Yield names for an engine as it is fetched and as it is kept; what bears them in the end goes."""
    both = (PartialPath(place.with_name(f"{place.name}.gz")), PartialPath(place))
    for aside in both:
        remove_stale(aside.place)
    try:
        yield both
    finally:
        for aside in both:
            aside.discard()


def _named(file: EngineFile, project: Path) -> Path:
    path = Path(file.local).expanduser()
    path = path if path.is_absolute() else project / path
    if not path.is_file():
        msg = "names no file"
        raise ArtifactError(
            msg, where=f"{file.native.override}={file.local}", fix="correct the path, or unset the variable"
        )
    if os.path.getsize(path) == 0:  # noqa: PTH202 (one call, no second stat)
        msg = "names an empty file"
        raise ArtifactError(msg, where=f"{file.native.override}={file.local}", fix="fetch the engine again")
    return path


def _compare(address: str, path: Path, expected: str) -> None:
    found = _sha256(path)
    if expected and found != expected:
        msg = f"checksum mismatch: SHA-256 is {found}, the mirror says {expected}"
        raise EnvironmentFault(msg, where=address, fix="repair the mirror or use another; the file was not kept")


def _inflate(address: str, packed: Path, plain: Path) -> None:
    try:
        with gzip.open(packed, "rb") as source, plain.open("wb") as out:
            shutil.copyfileobj(source, out, _CHUNK_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        msg = f"is not a gzip file: {error}"
        raise EnvironmentFault(msg, where=address, fix=mirror_fix()) from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()
