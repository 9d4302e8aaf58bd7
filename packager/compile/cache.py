"""Bytecode of earlier runs, by the release that made it, the manner, the module's name and its text.

Each file holds the digest of the rest of it, is written aside and renamed, and is asked for again if it is not as it
was: several processes may use the same folder. A cache that cannot be written costs time, no build.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from packager.model.bytecode import BytecodeBatch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.model.bytecode import Manner, Module, Python

ROOM = "bytecode"
"""In the cache folder: one folder per release and manner."""
_FORMAT = b"1\0"
_DIGEST_BYTES = 32


def compile_modules(
    python: Python, modules: Sequence[Module], manner: Manner, cache: Path, scratch: Path
) -> BytecodeBatch:
    """Return the bytecode of the modules; only what no earlier run has compiled is compiled now.

    Raises GeneratorFault if the interpreter dies, OSError for a source that cannot be read.
    """
    room = cache / ROOM / f"{python.release}-{manner.optimize}{'-checked' if manner.checked else ''}"
    places = {module.name: room / _key(module) for module in modules}
    known = {name: content for name, place in places.items() if (content := _read(place)) is not None}
    missing = [module for module in modules if module.name not in known]
    if not missing:
        return BytecodeBatch(known)
    batch = python.compile(missing, manner, scratch)
    with suppress(OSError):
        room.mkdir(parents=True, exist_ok=True)
        for name, content in batch.made.items():
            _write(places[name], content)
    return BytecodeBatch({**known, **batch.made}, batch.failed)


def _key(module: Module) -> str:
    text = hashlib.sha256(module.source.read_bytes()).digest()
    return hashlib.sha256(_FORMAT + text + module.name.encode()).hexdigest()


def _read(place: Path) -> bytes | None:
    try:
        content = place.read_bytes()
        os.utime(place)  # what is in use stays when room is made
    except OSError:
        return None
    digest, made = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return made if hashlib.sha256(made).digest() == digest else None


def _write(place: Path, content: bytes) -> None:
    aside = place.with_name(f"{place.name}.{os.getpid()}.partial")
    aside.write_bytes(hashlib.sha256(content).digest() + content)
    aside.replace(place)
