"""The codec: raw DEFLATE by libdeflate, one call per member, the interpreter lock released meanwhile.

The only user of ``deflate``. There is no fall-back to zlib: it gives other bytes, and the same input must give the
same archive on every machine. At level 6 libdeflate is smaller than zlib at 9 for a sixth of its CPU time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packager.archive.fastpath.codec import codec_name as _name
from packager.archive.fastpath.codec import level_for
from packager.core.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_LEVEL = 1
MAX_LEVEL = 12


class Codec(NamedTuple):
    """A compressor at one level."""

    name: str
    """Library, version and level: the same name and content give the same stream."""
    level: int
    compressor: Callable[[bytes, int], bytearray]
    """Of the library."""
    crc32: Callable[..., int]
    """CRC-32 of bytes as zip has it, going on from another one where given; ten times as fast as zlib's."""

    def compress(self, data: bytes) -> bytearray | None:
        """Return the raw DEFLATE stream, or None where storing the data takes no more room."""
        stream = self.compressor(data, level_for(self.level, len(data)))
        return stream if len(stream) < len(data) else None


def codec(level: int) -> Codec:
    """Return the compressor of a level, 1 (fast) to 12 (smallest).

    Raises UsageError for another level and EnvironmentFault if the library is not installed.
    """
    if not MIN_LEVEL <= level <= MAX_LEVEL:
        msg = f"compression level {level} does not exist"
        raise UsageError(msg, fix=f"give {MIN_LEVEL} (fast) to {MAX_LEVEL} (smallest)")
    try:
        import deflate
    except ImportError as error:
        msg = "the Python package 'deflate' (libdeflate), which compresses archives, cannot be imported"
        raise EnvironmentFault(msg, fix="install it: python -m pip install deflate") from error
    return Codec(_name(level), level, deflate.deflate_compress, deflate.crc32)


def codec_name(level: int) -> str:
    """Return what the manifest and the cache call the codec at this level; raises as `codec` does."""
    return codec(level).name
