"""Documents of the cache folder that carry their own checksum: what is not as it was written is not there.

Such a document is JSON on one line: ``{"sha256": "…", "content": …}``. The checksum covers the content and its purpose,
that is what the document is about, so that neither a flipped bit nor another document's file under this name is
believed. It protects against accidents, not against people: who may write in the cache can write a checksum, too.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from typing import TYPE_CHECKING

from packager.core.system import NO_WAITING_FLAG, READ_FLAGS

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = b'{"sha256": "%s", "content": '
_HEAD_BYTES = len(_HEAD) - len(b"%s") + 64
_TAIL = b"}\n"


def seal(document: object, purpose: str) -> bytes:
    """Return a document, something JSON has a form for, as `unseal` takes it for the same purpose only."""
    body = json.dumps(document).encode()
    return _HEAD % _checksum(body, purpose) + body + _TAIL


def unseal(content: bytes, purpose: str) -> object | None:
    """Return the document; None unless every byte is as `seal` wrote it for this purpose."""
    body = content[_HEAD_BYTES : -len(_TAIL)]
    # Compared as a whole: a flipped bit in what surrounds the body counts as well.
    if content != _HEAD % _checksum(body, purpose) + body + _TAIL:
        return None
    document: object = json.loads(body)
    return document


def read_plain(place: Path) -> bytes | None:
    """Return what a file holds; None for a folder, a pipe or the like. Raises OSError for what cannot be read."""
    # Opening a pipe would otherwise wait for a process to write into it.
    descriptor = os.open(place, READ_FLAGS | NO_WAITING_FLAG)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with open(descriptor, "rb") as file:  # noqa: PTH123
        return file.read()


def _checksum(body: bytes, purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode() + b"\0" + body).hexdigest().encode()
