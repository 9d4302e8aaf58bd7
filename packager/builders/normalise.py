"""Taking the scratch folder's path out of what was generated in it, so that every folder gives the same bytes."""

from __future__ import annotations

import json
import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from packager.core.atomic import write
from packager.core.system import make_link
from packager.model.builds import WORKDIR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HEAD_BYTES = 8192


@dataclass(frozen=True)
class Normalised:
    """Which files spoke of the scratch folder; paths relative, sorted."""

    changed: tuple[str, ...]
    """Text files and links that now say `WORKDIR`."""
    left: tuple[str, ...]
    """Binaries, which cannot be changed without breaking their offsets, and texts that spell the path some other way:
    these bytes will differ from build to build."""


def normalise(root: Path, scratch_paths: Sequence[str]) -> Normalised:
    """Replace every spelling of the scratch paths by `WORKDIR` in the tree's text files and links.

    `scratch_paths` are absolute and name the same folder, such as its own path and its real path (/private/tmp on
    macOS); the last part of the first must be a name that occurs nowhere else: it is what files are searched for.
    """
    mark = Path(scratch_paths[0]).name.encode()
    # The longest first: one real path may contain another spelling of it.
    forms = {form for path in scratch_paths for form in _spellings(path)}
    spellings = sorted(forms, key=lambda form: (len(form[0]), form), reverse=True)
    changed, left = [], []
    for relative, path in _files(root):
        if path.is_symlink():
            if _relink(root, path, scratch_paths):
                changed.append(relative)
            continue
        if not _contains(path, mark):
            continue
        content = path.read_bytes()
        if b"\0" in content[:_HEAD_BYTES]:
            left.append(relative)
            continue
        replaced = content
        for spelling, replacement in spellings:
            replaced = replaced.replace(spelling, replacement)
        if replaced != content:
            _rewrite(path, replaced)
            changed.append(relative)
        if mark in replaced:
            left.append(relative)
    return Normalised(tuple(sorted(changed)), tuple(sorted(left)))


def _spellings(path: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield (spelling, replacement): plain, in a URL, in JSON or JavaScript text with and without \\u escapes."""
    plain, workdir = path.rstrip("/"), WORKDIR
    yield plain.encode(errors="surrogateescape"), workdir.encode()
    yield quote(plain, errors="surrogateescape").encode(), workdir.encode()
    for ascii_only in (True, False):
        escaped = json.dumps(plain, ensure_ascii=ascii_only)[1:-1]
        yield escaped.encode(errors="surrogatepass"), workdir.encode()
        # Some generators escape the slashes as well, or put JSON text into JavaScript text.
        yield escaped.replace("/", "\\/").encode(errors="surrogatepass"), workdir.replace("/", "\\/").encode()
        twice = json.dumps(escaped)[1:-1]
        yield twice.encode(errors="surrogatepass"), workdir.encode()


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in (*files, *links):
            path = Path(folder, name)
            if path.is_symlink() or path.is_file():
                yield path.relative_to(root).as_posix(), path


def _contains(path: Path, mark: bytes) -> bool:
    if path.stat().st_size < len(mark):
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        return view.find(mark) >= 0


def _relink(root: Path, link: Path, scratch_paths: Sequence[str]) -> bool:
    """Make an absolute link into the tree relative; return whether it was one."""
    text = str(link.readlink())
    for scratch in scratch_paths:
        if text == scratch or text.startswith(scratch.rstrip("/") + "/"):
            inside = root / os.path.relpath(text, scratch)
            link.unlink()
            make_link(link, os.path.relpath(inside, link.parent))
            return True
    return False


def _rewrite(path: Path, content: bytes) -> None:
    """Rewrite a file under its name and mode. A new file, since package managers may hard-link to their caches."""
    mode = path.stat().st_mode & 0o7777
    write(path, content, mode=mode)
