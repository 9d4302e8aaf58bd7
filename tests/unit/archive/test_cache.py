"""The cache makes the next archive cheap and shows in no byte of it, whatever happens to its files."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
import zlib
from typing import TYPE_CHECKING

import pytest

from packager.archive.cache import maintenance as maintenance_module
from packager.archive.cache.member_cache import Cache, open_cache
from packager.archive.fastpath import snapshot as snapshot_module
from packager.archive.incremental import hashing as hashing_module
from packager.archive.incremental import rebuild as rebuild_module
from packager.archive.pack import pack
from packager.archive.write import members as members_module
from packager.archive.write.deflate import codec
from packager.archive.write.large_members import pieces_of
from packager.archive.write.layout import make_layout
from packager.archive.write.writer import write
from packager.core.errors import EnvironmentFault
from packager.model.archives import Entry
from tests.unit.archive.zips import TREE, contents, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from packager.archive.cache.store import Found


@pytest.fixture
def quick_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust files after the moment a modern file system needs, in place of the two seconds of the coarsest."""
    monkeypatch.setattr(snapshot_module, "_COARSEST_CLOCK_NS", 0)


@pytest.fixture
def root(tmp_path: Path, quick_clock: None) -> Path:
    made = tree(tmp_path / "in", {**TREE, "copy.js": TREE["index.js"], "large.txt": b"0123456789" * 150_000})
    time.sleep(0.02)  # more than the tick by which file systems count time
    return made


def _no_compressing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> members_module.Stream:
        msg = "nothing had to be compressed"
        raise AssertionError(msg)

    monkeypatch.setattr(members_module, "compressed", refuse)
    monkeypatch.setattr(rebuild_module, "compressed", refuse)


def _no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bytes:
        msg = "nothing had to be read"
        raise AssertionError(msg)

    for module in (members_module, rebuild_module, hashing_module):
        monkeypatch.setattr(module, "read_source", refuse)
    monkeypatch.setattr(hashing_module, "_hash_some", lambda files: [refuse(file) for file in files])


def _packs(cache: Cache) -> list[Path]:
    return sorted(cache.folder.glob("members/*/*.pack"))


@pytest.mark.parametrize("level", [1, 6])
def test_a_warm_archive_is_the_cold_one(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: int
) -> None:
    cache = open_cache(tmp_path / "cache")
    without = pack(root, tmp_path / "without.zip", level=level)
    cold = pack(root, tmp_path / "cold.zip", level=level, cache=cache)
    _no_compressing(monkeypatch)
    warm = pack(root, tmp_path / "warm.zip", level=level, cache=cache)

    assert without.sha256 == cold.sha256 == warm.sha256
    assert contents(warm.path) == contents(without.path)
    assert warm.members == without.members
    assert warm.written


def test_an_unchanged_archive_is_not_written_and_nothing_is_read(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = open_cache(tmp_path / "cache")
    first = pack(root, tmp_path / "out.zip", cache=cache)
    before = first.path.stat()
    _no_reading(monkeypatch)
    again = pack(root, tmp_path / "out.zip", cache=cache)

    assert not again.written
    assert again.path.stat() == before
    assert (again.sha256, again.zipped_bytes, again.unzipped_bytes, again.codec) == (
        first.sha256, first.zipped_bytes, first.unzipped_bytes, first.codec,
    )  # fmt: skip
    assert tuple(again.members) == first.members


def test_files_touched_are_read_once_more_and_then_trusted(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = open_cache(tmp_path / "cache")
    pack(root, tmp_path / "out.zip", cache=cache)
    for path in root.rglob("*"):
        os.utime(path)
    time.sleep(0.02)

    assert not pack(root, tmp_path / "out.zip", cache=cache).written
    _no_reading(monkeypatch)
    assert not pack(root, tmp_path / "out.zip", cache=cache).written


def test_a_fresh_checkout_compresses_nothing(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = open_cache(tmp_path / "cache")
    first = pack(root, tmp_path / "one.zip", cache=cache)
    other = tree(tmp_path / "other", contents(first.path))
    _no_compressing(monkeypatch)

    assert pack(other, tmp_path / "two.zip", cache=cache).sha256 == first.sha256


def _edit(root: Path) -> None:
    """Same size, same modification time: only the change time tells."""
    path = root / "index.js"
    status = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _swap(root: Path) -> None:
    (root / "index.js").rename(root / "tmp")
    (root / "copy.js").write_bytes(b"another")
    (root / "copy.js").rename(root / "index.js")
    (root / "tmp").rename(root / "copy.js")


@pytest.mark.parametrize(
    "change",
    [
        _edit,
        _swap,
        lambda root: (root / "new.js").write_bytes(b"new"),
        lambda root: (root / "index.js").unlink(),
        lambda root: (root / "index.js").rename(root / "renamed.js"),
        lambda root: (root / "index.js").write_bytes(b""),
    ],
)
def test_every_change_is_seen(root: Path, tmp_path: Path, change: Callable[[Path], object]) -> None:
    cache = open_cache(tmp_path / "cache")
    before = pack(root, tmp_path / "out.zip", cache=cache)
    change(root)
    after = pack(root, tmp_path / "out.zip", cache=cache)

    assert after.sha256 != before.sha256
    assert after.sha256 == pack(root, tmp_path / "without.zip").sha256
    assert contents(after.path) == {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_files_changed_a_moment_ago_are_not_trusted(tmp_path: Path) -> None:
    """A second change within the same tick of the file system's clock would leave the same times."""
    root = tree(tmp_path / "in", TREE)
    cache = open_cache(tmp_path / "cache")
    pack(root, tmp_path / "out.zip", cache=cache)
    record = cache.record(tmp_path / "out.zip")

    assert record is not None
    assert set(record.identities) == {0xFF}


def _remove(path: Path) -> None:
    path.unlink()


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _replace(path: Path) -> None:
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:-1])


@pytest.mark.parametrize("damage", [_remove, _flip, _replace])
def test_an_archive_that_is_no_longer_intact_is_written_again(
    root: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    cache = open_cache(tmp_path / "cache")
    first = pack(root, tmp_path / "out.zip", cache=cache)
    time.sleep(0.02)
    damage(first.path)
    again = pack(root, tmp_path / "out.zip", cache=cache)

    assert again.written
    assert again.sha256 == first.sha256
    assert contents(again.path) == contents(pack(root, tmp_path / "without.zip").path)


def test_levels_do_not_mix(root: Path, tmp_path: Path) -> None:
    cache = open_cache(tmp_path / "cache")
    made = [pack(root, tmp_path / "out.zip", level=level, cache=cache).sha256 for level in (1, 12, 1)]

    assert made == [pack(root, tmp_path / f"{level}.zip", level=level).sha256 for level in (1, 12, 1)]
    assert made[0] != made[1]


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.9, 0.97, 0.999])
@pytest.mark.parametrize("how", ["flip", "cut", "empty"])
def test_damaged_packs_cost_time_and_nothing_else(root: Path, tmp_path: Path, place: float, how: str) -> None:
    cache = open_cache(tmp_path / "cache")
    first = pack(root, tmp_path / "one.zip", cache=cache)
    (damaged,) = _packs(cache)
    data = bytearray(damaged.read_bytes())
    at = int(len(data) * place)
    if how == "flip":
        data[at] ^= 0x55
    damaged.write_bytes(bytes({"flip": data, "cut": data[:at], "empty": b""}[how]))

    assert pack(root, tmp_path / "two.zip", cache=cache).sha256 == first.sha256
    assert pack(root, tmp_path / "three.zip", cache=cache).sha256 == first.sha256
    assert damaged not in _packs(cache)


@pytest.mark.parametrize("how", ["flip", "cut", "empty"])
def test_a_damaged_record_costs_time_and_nothing_else(root: Path, tmp_path: Path, how: str) -> None:
    cache = open_cache(tmp_path / "cache")
    first = pack(root, tmp_path / "out.zip", cache=cache)
    (place,) = cache.folder.glob("records/*")
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 0x55
    place.write_bytes(bytes({"flip": data, "cut": data[:-1], "empty": b""}[how]))
    again = pack(root, tmp_path / "out.zip", cache=cache)

    assert (again.written, again.sha256) == (True, first.sha256)
    assert not pack(root, tmp_path / "out.zip", cache=cache).written


def test_a_cache_that_cannot_be_written_is_no_error(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_bytes(b"a file in the way")
    made = pack(root, tmp_path / "out.zip", cache=open_cache(tmp_path / "cache"))

    assert made.sha256 == pack(root, tmp_path / "without.zip").sha256
    assert "cannot be written" in caplog.text


def test_a_failed_write_leaves_no_pack(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = open_cache(tmp_path / "cache")

    def fail(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        pack(root, tmp_path / "out.zip", cache=cache)

    assert [path for path in cache.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("fails", [1, 2])
def test_a_disk_that_fails_while_stretches_are_copied_leaves_the_old_archive(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    cache = open_cache(tmp_path / "cache")
    before = pack(root, tmp_path / "out.zip", cache=cache).path.read_bytes()
    (root / "index.js").write_bytes(b"new")
    asked = []

    def fail(descriptor: int) -> None:
        asked.append(descriptor)
        if len(asked) == fails:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched, pytest.raises(EnvironmentFault, match="No space left"):
        patched.setattr(os, "fsync", fail)
        pack(root, tmp_path / "out.zip", cache=cache)

    assert len(asked) == fails
    assert (tmp_path / "out.zip").read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".partial")]
    assert pack(root, tmp_path / "out.zip", cache=cache).sha256 == pack(root, tmp_path / "without.zip").sha256


_LOOP = (
    "import sys; from pathlib import Path\n"
    "from packager.archive.pack import pack; from packager.archive.cache.member_cache import open_cache\n"
    "cache = open_cache(Path(sys.argv[3]))\n"
    "for turn in range(int(sys.argv[4])):\n"
    "    for path in cache.folder.glob('members/*/*.pack'): path.unlink(missing_ok=True)\n"
    "    print(pack(Path(sys.argv[1]), Path(sys.argv[2]), cache=cache).sha256, flush=True)\n"
)


def _start(root: Path, out: Path, cache: Path, turns: int) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", _LOOP, str(root), str(out), str(cache), str(turns)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


def test_several_processes_share_a_cache_and_delete_its_packs_meanwhile(root: Path, tmp_path: Path) -> None:
    expected = pack(root, tmp_path / "without.zip").sha256
    started = [_start(root, tmp_path / f"{number}.zip", tmp_path / "cache", 6) for number in range(3)]
    told = [process.communicate()[0].split() for process in started]

    assert told == [[expected] * 6] * 3
    assert [process.returncode for process in started] == [0, 0, 0]


def test_killed_runs_leave_nothing_that_matters(root: Path, tmp_path: Path) -> None:
    expected = pack(root, tmp_path / "without.zip").sha256
    for delay in (0.0, 0.005, 0.01, 0.02, 0.04):
        with _start(root, tmp_path / "out.zip", tmp_path / "cache", 1000) as process:
            assert process.stdout is not None
            process.stdout.readline()  # it is at work by now
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)

    assert pack(root, tmp_path / "out.zip", cache=open_cache(tmp_path / "cache")).sha256 == expected
    assert contents(tmp_path / "out.zip") == contents(tmp_path / "without.zip")


def _keep(cache: Cache, *contents: bytes) -> None:
    with cache.members(codec(6)) as store:
        for content in contents:
            entry = Entry(f"{len(content)}.txt", content)
            packed = members_module.pack_members(
                [entry], [len(content)], [None], codec(6), store, lambda: False, cache.folder
            )
            store.keep(packed)
    cache.make_room()


def _kept(cache: Cache, *contents: bytes) -> list[bytes | None]:
    """Unpacked again."""
    wanted = [(hashlib.sha256(content).digest(), f"{len(content)}.txt".encode()) for content in contents]
    with cache.members(codec(6)) as store:
        found = store.fetch(wanted)
        return [None if each is None else _inflated(each) for each in found]


def _inflated(found: Found) -> bytes:
    body = b"".join(pieces_of(found.body))
    return zlib.decompress(body, -15) if found.row.flags & 1 else body


def test_the_least_recently_used_packs_make_room(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=5000)
    chance = random.Random(1)
    contents = [chance.randbytes(2000) for _ in range(4)]
    for content in contents:
        _keep(cache, content)
        for age, path in enumerate(sorted(_packs(cache), key=lambda path: -path.stat().st_mtime_ns)):
            os.utime(path, (1e9 - age * 100, 1e9 - age * 100))

    assert _kept(cache, *contents) == [None, None, *contents[2:]]
    assert sum(path.stat().st_size for path in _packs(cache)) <= 5000


def test_many_small_packs_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance_module, "MAX_PACKS", 6)
    cache = Cache(tmp_path / "cache")
    contents = [b"%d" % number * (number + 1) for number in range(20)]
    for content in contents:
        _keep(cache, content)

    assert len(_packs(cache)) <= 6
    assert _kept(cache, *contents) == contents


def test_joining_packs_leaves_archives_to_be_copied_by_the_stretch(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance_module, "MAX_PACKS", 6)
    cache = open_cache(tmp_path / "cache")
    out = tmp_path / "out.zip"
    pack(root, out, cache=cache)
    joined = 0
    for number in range(20):
        (root / "index.js").write_bytes(b"%d" % number * 100)
        time.sleep(0.02)
        before = len(_packs(cache))
        pack(root, out, cache=cache)
        joined += len(_packs(cache)) < before
        (root / "lib" / "util.js").touch()
        out.unlink()
        with monkeypatch.context() as nothing_anew:
            nothing_anew.setattr("packager.archive.write.writer.write_table", None)
            pack(root, out, cache=cache)

    assert joined > 2
    pack(root, tmp_path / "fresh.zip")
    assert out.read_bytes() == (tmp_path / "fresh.zip").read_bytes()


def test_leftovers_of_killed_runs_go_after_a_day(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    folder = cache.folder / "members" / "codec"
    folder.mkdir(parents=True)
    (folder / "old.partial").write_bytes(b"")
    (folder / "new.partial").write_bytes(b"")
    os.utime(folder / "old.partial", (1e9, 1e9))
    _keep(cache, b"x")

    assert [path.name for path in folder.iterdir()] == ["new.partial"]


def test_bytes_that_come_from_no_file_are_kept_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = open_cache(tmp_path / "cache")
    first = write(make_layout(TREE.items()), tmp_path / "one.zip", cache=cache)
    _no_compressing(monkeypatch)

    assert write(make_layout(TREE.items()), tmp_path / "two.zip", cache=cache).sha256 == first.sha256
