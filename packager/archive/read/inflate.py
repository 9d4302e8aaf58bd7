"""Compressed bytes in, plain bytes out, piece by piece: the read side of every compression method we know.

The only importer of ``zipfile_deflate64``, which reads Deflate64 wherever it is installed, and of ``inflate64``, which
does elsewhere. Importing the former patches ``zipfile`` for the whole process, after which a ``ZipFile`` writes method
9 as raw bytes that nothing can read; so the patch is taken back at once.
"""

from __future__ import annotations

import sys
import zlib
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from packager.archive.zipformat import DEFLATE64, DEFLATED, METHOD_NAMES, STORED
from packager.core.errors import ArtifactError, EnvironmentFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PIECE_BYTES = 64 << 10
"""What is asked of the archive at once, and the most that a piece of plain bytes measures, except for Deflate64."""
_DEFLATE64_INPUT_BYTES = 512
"""Its decoder cannot be told to stop: one match of 65,538 bytes takes 18 bits, so this much becomes 15 MB at worst."""

_CUT_OFF = "the stream ends too early"
_PATCHER = "zipfile_deflate64"
_PATCHING = Lock()


class CorruptStream(ValueError):
    """Compressed bytes that do not decode."""


class _Decoder(Protocol):
    """A Deflate64 decoder, of whichever library."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    def inflate(self, data: bytes) -> bytes:
        """Return what some more compressed bytes become."""


class Deflate64Library(NamedTuple):
    """What reads Deflate64 here."""

    name: str
    """As pip knows it."""
    new_decoder: Callable[[], _Decoder]


def inflater(method: int) -> Callable[[Iterable[bytes]], Iterator[bytes]]:
    """Return the function that decodes a stream of this method: compressed chunks in, plain pieces out.

    It raises CorruptStream. Raises ArtifactError for a method we do not read.
    """
    if method == STORED:
        return _stored
    if method == DEFLATED:
        return _inflated
    if method == DEFLATE64:
        return _inflated64
    msg = (
        f"is compressed with method {method} ({METHOD_NAMES.get(method, 'unknown')}), which hosts do not unpack either"
    )
    raise ArtifactError(msg, fix="make the archive with ordinary compression (deflate)")


def _stored(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks: stored members are as they are."""
    yield from chunks


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces of a raw DEFLATE stream, never more than `PIECE_BYTES` at once."""
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            waiting = chunk
            while waiting and not decoder.eof:
                yield decoder.decompress(waiting, PIECE_BYTES)
                waiting = decoder.unconsumed_tail
        # The decoder may hold back what did not fit into the last piece.
        while not decoder.eof:
            piece = decoder.decompress(b"", PIECE_BYTES)
            if not piece:
                raise CorruptStream(_CUT_OFF)
            yield piece
    except zlib.error as error:
        raise CorruptStream(str(error)) from error


def _inflated64(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces of a raw Deflate64 stream."""
    decoder = deflate64_library().new_decoder()
    for chunk in chunks:
        for at in range(0, len(chunk), _DEFLATE64_INPUT_BYTES):
            if decoder.eof:
                return
            try:
                yield decoder.inflate(chunk[at : at + _DEFLATE64_INPUT_BYTES])
            except (ValueError, RuntimeError, OSError) as error:  # the libraries differ in what they raise
                raise CorruptStream(str(error)) from error
    if not decoder.eof:
        raise CorruptStream(_CUT_OFF)


@lru_cache(maxsize=1)
def deflate64_library() -> Deflate64Library:
    """Return what reads Deflate64: zipfile-deflate64 where it is installed, else inflate64, of which there are wheels.

    Raises EnvironmentFault if neither is there.
    """
    first = _zipfile_deflate64()
    if first is not None:
        return first
    try:
        import inflate64
    except ImportError as error:
        msg = "the Python package 'inflate64', which reads archives made by Windows, cannot be imported"
        raise EnvironmentFault(msg, fix="install it: python -m pip install inflate64") from error
    return Deflate64Library("inflate64", inflate64.Inflater)


def _zipfile_deflate64() -> Deflate64Library | None:
    """Return the library, ``zipfile`` left as it was; None if it is not there or cannot be imported."""
    # A thread that found `zipfile` patched by another one would put the patch back afterwards.
    with _PATCHING, _zipfile_as_it_is():
        try:
            from zipfile_deflate64.deflate64 import Deflate64
        except (ImportError, AttributeError):  # the latter where a newer zipfile lacks what it patches
            return None
    return Deflate64Library("zipfile-deflate64", lambda: _ZipfileDeflate64(Deflate64()))


@contextmanager
def _zipfile_as_it_is() -> Iterator[None]:
    """Take back what the block changes in ``zipfile``, and forget the import that did: who asks for it later gets it.

    Where another program has imported it before, the patch is theirs, and stays.
    """
    if sys.modules.get(_PATCHER) is not None:
        yield
        return
    import zipfile

    modules = set(sys.modules)
    patched = [(host, dict(vars(host))) for host in (zipfile, zipfile.ZipExtFile)]
    try:
        yield
    finally:
        for host, before in patched:
            for name, value in dict(vars(host)).items():
                if name not in before:
                    delattr(host, name)
                elif value is not before[name]:
                    setattr(host, name, before[name])
        for name in set(sys.modules) - modules:
            if name.partition(".")[0] == _PATCHER:
                del sys.modules[name]


class _ZipfileDeflate64:
    """zipfile-deflate64's decoder, its method renamed."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        return bool(self._decoder.eof)

    def inflate(self, data: bytes) -> bytes:
        """Return what some more compressed bytes become."""
        return bytes(self._decoder.decompress(data))
