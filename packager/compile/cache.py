"""Bytecode of earlier runs, by the release that made it, the manner, the module's name and its text.

Several processes may use the same folder. A cache that cannot be written costs time, no build.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from packager.core.cache_areas import BYTECODE
from packager.core.cache_dir import CacheDir
from packager.model.bytecode import BytecodeBatch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.model.bytecode import Manner, Module, Python

_FORMAT = b"2\0"


def compile_modules(
    python: Python, modules: Sequence[Module], manner: Manner, cache: Path, scratch: Path
) -> BytecodeBatch:
    """Return the bytecode of the modules; only what no earlier run has compiled is compiled now.

    Raises GeneratorFault if the interpreter dies, OSError for a source that cannot be read.
    """
    shelf = f"{python.release}-{manner.optimize}{'-checked' if manner.checked else ''}"
    kept = CacheDir(cache).area(BYTECODE, shelf)
    keys = {module.name: _key(module) for module in modules}
    known = {name: content for name, key in keys.items() if (content := kept.get(key)) is not None}
    missing = [module for module in modules if module.name not in known]
    if not missing:
        return BytecodeBatch(known)
    batch = python.compile(missing, manner, scratch)
    for name, content in batch.made.items():
        if not kept.put(keys[name], content):
            break
    return BytecodeBatch({**known, **batch.made}, batch.failed)


def _key(module: Module) -> str:
    text = hashlib.sha256(module.source.read_bytes()).digest()
    return hashlib.sha256(_FORMAT + text + module.name.encode()).hexdigest()
