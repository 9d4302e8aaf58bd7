"""The promise in its widest form: a hundred archives of the same files, no two made alike, all of them the same."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

# Runs under one zone, umask and locale; each turn makes the tree again in another order, with other times and modes.
_SCRIPT = """
import os, random, shutil, sys
from pathlib import Path
import pytest

from packager.archive.cache.member_cache import open_cache
from packager.archive.pack import pack

scratch, original, shared = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
chance = random.Random(int(sys.argv[4]))
os.umask(int(sys.argv[5], 8))
for turn in range(10):
    tree = scratch / f"tree-{turn}"
    files = [path for path in original.rglob("*") if path.is_file()]
    chance.shuffle(files)
    for file in files:
        place = tree / file.relative_to(original)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
        place.chmod(chance.choice([0o600, 0o644, 0o755, 0o777]))
        os.utime(place, (chance.randrange(2**31), chance.randrange(2**31)))
    caches = {"none": None, "own": open_cache(scratch / f"cache-{turn}"), "shared": open_cache(shared)}
    how = chance.choice(list(caches))
    made = [
        pack(tree, scratch / f"{turn}.zip", jobs=chance.choice([1, 2, 8]), cache=caches[how]).sha256
        for _ in range(1 if how == "none" else 2)
    ]
    print(*sorted(set(made)))
"""


@pytest.mark.slow
def test_one_hundred_of_one_hundred(tmp_path: Path) -> None:
    chance = random.Random(4)
    words = [chance.randbytes(chance.randrange(1, 9)).hex() for _ in range(500)]
    files: dict[str, bytes | str] = {
        f"pkg-{chance.randrange(9)}/{word}/{number}.js": " ".join(chance.choices(words, k=chance.randrange(2000)))
        for number, word in enumerate(words[:60])
    }
    files |= {"bin/tool": "#!/bin/sh\n", "ünïcödé/ß.txt": "ß" * 999, "noise": chance.randbytes(3 << 20), "empty": b""}
    write_tree(tmp_path / "original", files)
    places = [(zone, umask, locale) for zone in ("UTC", "Asia/Tokyo", "America/Lima", "Pacific/Apia", "Europe/Rome")
              for umask, locale in (("022", "C.UTF-8"), ("077", "POSIX"))]  # fmt: skip
    told: list[str] = []
    for number, (zone, umask, locale) in enumerate(places):
        scratch = tmp_path / str(number)
        scratch.mkdir()
        paths = [str(scratch), str(tmp_path / "original"), str(tmp_path / "shared")]
        env = {**os.environ, "TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": str(number),
               "PYTHONUTF8": "1", "PYTHONPATH": os.pathsep.join(sys.path)}  # fmt: skip
        command = [sys.executable, "-c", _SCRIPT, *paths, str(number), umask]
        told += subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.splitlines()

    assert len(told) == 100
    assert len(set(told)) == 1
