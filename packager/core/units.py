"""Sizes as hosts read and write them: binary multiples, case ignored, a bare number is bytes; and numbers for people.

Every number of bytes, seconds, percent or things that a message shows is written here, so that all are rounded alike.

Source: npm ``bytes``, which ZEIT Now used to read ``maxLambdaSize``; the AWS quota page defines MB as 1024 * 1024.
"""

from __future__ import annotations

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
_SIZE = r"\s*(\d{1,18}(?:\.\d{1,18})?)\s*([a-z]*)\s*"


def parse_size(text: str | int) -> int:
    """Return bytes for "25mb", "50 MB", "262144000" or 26214400.

    >>> parse_size("25mb"), parse_size("50 MB"), parse_size(100)
    (26214400, 52428800, 100)
    """
    import re  # `packager pack` only writes sizes, and loads nothing for that

    match = re.fullmatch(_SIZE, str(text), re.IGNORECASE | re.ASCII)
    if match is None or match[2].lower() not in _MULTIPLES:
        msg = f"{text!r} is not a size"
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
        # What would be shown as 1000 KB is 0.98 MB.
        if value < 999.5 or unit == "GB":
            break
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {unit}"


def format_change(change_bytes: int) -> str:
    """Return a change of a size for people.

    >>> format_change(-2048), format_change(0)
    ('-2.00 KB', '±0')
    """
    if not change_bytes:
        return "±0"
    return ("+" if change_bytes > 0 else "-") + format_size(abs(change_bytes))


def format_more(number: int, noun: str) -> str:
    """Return by how many things one has more or less than another.

    >>> format_more(2, "file"), format_more(-1, "file")
    ('+2 files', '-1 file')
    """
    return ("-" if number < 0 else "+") + counted(abs(number), noun)


def format_bytes(size_bytes: int) -> str:
    """Return an exact size for people.

    >>> format_bytes(26214400), format_bytes(1)
    ('26,214,400 bytes', '1 byte')
    """
    return counted(size_bytes, "byte")


def format_share(part: float, whole: float) -> str:
    """Return a share in percent, one decimal; never 0.0% of something, nor 100.0% of what is more or less than all.

    >>> format_share(1, 3), format_share(1, 10**6), format_share(10**6 + 1, 10**6), format_share(0, 5)
    ('33.3%', '<0.1%', '>100%', '0.0%')
    """
    text = f"{part / whole:.1%}" if whole else "100.0%"
    if text == "0.0%" and part:
        return "<0.1%"
    if text == "100.0%" and part != whole:
        return ">100%" if part > whole else "99.9%"
    return text


def format_seconds(seconds: float) -> str:
    """Return a time that was measured: tenths below 100 s, whole seconds above.

    >>> format_seconds(0.04), format_seconds(14), format_seconds(700.4)
    ('0.0 s', '14.0 s', '700 s')
    """
    return f"{seconds:,.{1 if seconds < 99.95 else 0}f} s"


def format_milliseconds(milliseconds: float) -> str:
    """Return a short time that was measured, in whole milliseconds, without the unit: a range has it once.

    >>> format_milliseconds(12.6), format_milliseconds(1234)
    ('13', '1,234')
    """
    return f"{milliseconds:,.0f}"


def format_timeout(seconds: float) -> str:
    """Return a time limit as it was given.

    >>> format_timeout(1800.0), format_timeout(1.5)
    ('1800 s', '1.5 s')
    """
    return f"{seconds:g} s" if seconds < 100_000 else f"{seconds:.0f} s"


def format_ratio(ratio: float) -> str:
    """Return how many times as much.

    >>> format_ratio(1.0), format_ratio(2.345)
    ('1.00', '2.35')
    """
    return f"{ratio:.2f}"


def format_count(number: int) -> str:
    """Return a number of things without their name.

    >>> format_count(65535)
    '65,535'
    """
    return f"{number:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number of things for people.

    >>> counted(1, "file"), counted(0, "package"), counted(65535, "entry", "entries")
    ('1 file', '0 packages', '65,535 entries')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
