"""Sizes as hosts read and write them: binary multiples, case ignored, a bare number is bytes.

Source: npm ``bytes``, which ZEIT Now used to read ``maxLambdaSize``; the AWS quota page defines MB as 1024 * 1024.
"""

from __future__ import annotations

import re

from packager.core.errors import UsageError

_MULTIPLES = {
    "": 1,
    "b": 1,
    "kb": 1 << 10,
    "mb": 1 << 20,
    "gb": 1 << 30,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
}
# Eighteen digits are more bytes than there are; of thousands int() itself complains.
_SIZE = re.compile(r"\s*(\d{1,18}(?:\.\d{1,18})?)\s*([a-z]*)\s*", re.IGNORECASE | re.ASCII)


def parse_size(text: str | int) -> int:
    """Return bytes for "25mb", "50 MB", "262144000" or 26214400.

    >>> parse_size("25mb"), parse_size("50 MB"), parse_size(100)
    (26214400, 52428800, 100)
    """
    match = _SIZE.fullmatch(str(text))
    if match is None or match[2].lower() not in _MULTIPLES:
        msg = f"not a size: {text!r}"
        raise UsageError(msg, fix='write it like "25mb", "50 MB" or a number of bytes')
    # It loads ``decimal``, and sizes are written far more often than read.
    from fractions import Fraction

    return int(Fraction(match[1]) * _MULTIPLES[match[2].lower()])


def format_size(size_bytes: int) -> str:
    """Return a size for people, in binary multiples, three significant figures.

    >>> format_size(26214400), format_size(512), format_size(1234567)
    ('25.0 MB', '512 B', '1.18 MB')
    """
    if size_bytes < 1024:
        return f"{size_bytes} B"
    value = float(size_bytes)
    for unit in ("KB", "MB", "GB"):
        value /= 1024
        if value < 1000 or unit == "GB":
            break
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f} {unit}"


def counted(number: int, noun: str) -> str:
    """Return a number of things for people.

    >>> counted(1, "file"), counted(0, "package")
    ('1 file', '0 packages')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
