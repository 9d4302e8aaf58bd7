"""What the compressor is called: it is part of what an archive was made of."""

from __future__ import annotations

DEFAULT_LEVEL = 6
LEVELS = {"fast": 1, "default": 6, "better": 8, "best": 10, "max": 12}
"""libdeflate levels behind ``--compress``."""


def codec_name(level: int) -> str:
    """Return the name of the codec at this level: the same name and content give the same stream.

    The wheel does not tell which libdeflate it was built with, but each of its versions carries one. Raises ImportError
    if it is not installed.
    """
    import deflate

    return f"libdeflate (deflate {deflate.__version__}) level {level}"
