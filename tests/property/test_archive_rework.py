"""However an archive came about, edit by edit out of the last one, it is the one that would be made from scratch."""

from __future__ import annotations

import os
import random
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from packager.archive.cache import maintenance as maintenance_module
from packager.archive.cache.member_cache import Cache, open_cache
from packager.archive.fastpath import snapshot as snapshot_module
from packager.archive.incremental import rebuild as rebuild_module
from packager.archive.incremental import splice as splice_module
from packager.archive.incremental.splice import splice
from packager.archive.pack import pack
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path


def _content(chance: random.Random) -> bytes:
    size = chance.choice([0, 1, 30, 3000, 200_000])
    start = chance.choice([b"", b"#!/bin/sh\n"])
    return start + (chance.randbytes(size) if chance.random() < 0.5 else b"%d " % size * (size // 4))


def _edit(root: Path, chance: random.Random) -> None:
    """Do something to a file or two."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    for _ in range(chance.randrange(3)):
        what = chance.choice(["write", "write", "add", "remove", "rename", "touch", "copy", "touch all"])
        path = chance.choice(files)
        if not path.exists():
            continue
        new = root / f"{chance.choice('abc')}{chance.randrange(3)}" / f"{chance.randrange(10**6)}.js"
        new.parent.mkdir(exist_ok=True)
        if what == "write":
            path.write_bytes(_content(chance))
        elif what == "add":
            new.write_bytes(_content(chance))
        elif what == "remove" and len(files) > 10:
            path.unlink()
        elif what == "rename":
            path.rename(new)
        elif what == "copy":
            shutil.copy(path, new)
        else:
            for each in files if what == "touch all" else [path]:
                if each.exists():
                    os.utime(each)


def _harm(cache: Cache, out: Path, chance: random.Random) -> None:
    """Do something to the archive or to the cache."""
    # By size: their names are drawn by lot, and the seed alone should decide how much is harmed.
    packs = sorted(cache.folder.glob("members/*/*.pack"), key=lambda pack_: pack_.stat().st_size)
    what = chance.choice(
        ["nothing", "nothing", "nothing", "lose", "spoil", "remove pack", "damage pack", "lose record"]
    )
    if what == "lose":
        out.unlink()
    elif what == "spoil":
        out.write_bytes(out.read_bytes()[:-1])
    elif what == "remove pack":
        chance.choice(packs).unlink()
    elif what == "damage pack":
        pack_ = chance.choice(packs)
        data = bytearray(pack_.read_bytes())
        data[chance.randrange(len(data))] ^= 1 + chance.randrange(255)
        pack_.write_bytes(data)
    elif what == "lose record":
        for record in cache.folder.glob("records/*"):
            record.unlink()


@pytest.mark.parametrize("seed", range(4))
def test_any_history_gives_the_same_bytes(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_module, "_COARSEST_CLOCK_NS", 0)
    monkeypatch.setattr(maintenance_module, "MAX_PACKS", 6)
    monkeypatch.setattr(rebuild_module, "MAX_FRESH", 2 + seed % 2 * 60)
    spliced: list[int] = []

    def counted(*words: object) -> tuple[int, str]:
        made = splice(*words)  # type: ignore[arg-type]
        spliced.append(made[0])
        return made

    monkeypatch.setattr(rebuild_module, "splice", counted)
    monkeypatch.setattr(splice_module, "splice", counted)
    chance = random.Random(seed)
    root = write_tree(tmp_path / "in", {f"{folder}0/{n}.js": _content(chance) for folder in "abc" for n in range(12)})
    cache = open_cache(tmp_path / "cache")
    out = tmp_path / "out.zip"
    for _ in range(25):
        time.sleep(0.01)  # more than the tick by which file systems count time
        made = pack(root, out, cache=cache)
        anew = pack(root, tmp_path / "fresh.zip")

        assert out.read_bytes() == (tmp_path / "fresh.zip").read_bytes()
        assert (made.sha256, made.zipped_bytes, made.unzipped_bytes) == (
            anew.sha256, anew.zipped_bytes, anew.unzipped_bytes,
        )  # fmt: skip
        assert tuple(made.members) == anew.members
        _edit(root, chance)
        _harm(cache, out, chance)

    assert len(spliced) > 5
