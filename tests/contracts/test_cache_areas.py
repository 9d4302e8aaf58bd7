"""What every area of the cache folder has to pass: an item comes back as it was put, or not at all."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from packager.archive.cache.member_cache import open_cache
from packager.archive.pack import pack
from packager.core import pruning
from packager.core.cache_areas import AREAS, WITHIN
from packager.core.cache_dir import Area, AreaSpec, BytesArea, CacheDir, DocumentArea, ProgramArea, TreeArea
from tests.support.bits import flipped
from tests.support.mirror import running_mirror
from tests.support.trees import snapshot, write_tree
from tests.unit.engines.test_store import FILE, store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DUMMIES = (
    AreaSpec("dummies/bytes", "a dummy", BytesArea, "dummy"),
    AreaSpec("dummies/documents", "a dummy", DocumentArea, "dummy", suffix=".json", depth=2),
    AreaSpec("dummies/trees", "a dummy", TreeArea, "dummy", "tree", private=True),
    AreaSpec("dummies/programs", "a dummy", ProgramArea, "dummy", "tree"),
)
SPECS: tuple[AreaSpec[Area], ...] = (*AREAS, *WITHIN, *DUMMIES)
KEPT = {spec.name: spec for spec in SPECS if spec.form is not Area}
"""Areas whose items are put and got here; the others' rooms do that in a format of their own."""
KEYS = {"node": "22.{0}.0-linux-x64-npm10.9.9", "tools": "nft-{0:016x}-linux-x86_64-glibc"}
DAY = 86_400.0
_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.contracts.test_cache_areas import KEPT, Bench
def kill(event, arguments):
    if event == "os.rename":
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(kill)
Bench(KEPT[sys.argv[2]], Path(sys.argv[1])).put(1)
"""


@dataclass(frozen=True)
class Bench:
    """One area in one cache folder, with items that are numbers."""

    spec: AreaSpec[Area]
    cache: Path

    @property
    def area(self) -> Any:
        """Return the area as a new process would see it."""
        return CacheDir(self.cache).area(self.spec, "shelf" if self.spec.depth == 2 else "")

    @property
    def is_tree(self) -> bool:
        return self.spec.kind == "tree"

    def key(self, number: int) -> str:
        return KEYS.get(self.spec.name, "{0:064x}").format(number)

    def value(self, number: int) -> Any:
        """Return what `get` gives for what `put` was given."""
        if self.is_tree:
            return {"bin/tool": b"#!%d" % number, "data": b"%d" % number * 50, "link": b"data"}
        return b"%d" % number * 20 if self.spec.form is BytesArea else {"number": number, "text": "é" * 20}

    def put(self, number: int, *, key: int | None = None) -> bool:
        area, name = self.area, self.key(number if key is None else key)
        if isinstance(area, ProgramArea):
            try:
                with area.making(name) as made:
                    self._fill(made, number)
            except OSError:
                return False
            return True
        if isinstance(area, TreeArea):
            return area.put(name, lambda folder: self._fill(folder, number))
        return bool(area.put(name, self.value(number)))

    def get(self, number: int) -> Any:
        found = self.area.get(self.key(number))
        if found is None or not self.is_tree:
            return found
        if isinstance(self.area, ProgramArea):
            return {name: content for name, content in snapshot(found).items() if name != "record.json"}
        try:
            tree = snapshot(found.folder)
        except OSError:
            return None
        return tree if found.stays() else None

    def place(self, number: int) -> Path:
        place: Path = self.area.place(self.key(number))
        return place

    def files(self, number: int) -> list[Path]:
        place = self.place(number)
        return sorted(path for path in place.rglob("*") if path.is_file()) if self.is_tree else [place]

    def _fill(self, folder: Path, number: int) -> object:
        write_tree(folder, {name: content for name, content in self.value(number).items() if name != "link"})
        (folder / "bin/tool").chmod(0o755)
        (folder / "link").symlink_to("data")
        return {"number": number}


@pytest.fixture(params=KEPT)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    return Bench(KEPT[request.param], tmp_path / "cache")


@pytest.fixture
def saved(bench: Bench, tmp_path: Path) -> Iterator[Path]:
    """Put item 1 and yield a copy of it, dates and all."""
    assert bench.put(1)
    yield _copy(bench.place(1), tmp_path / "saved")


def _copy(source: Path, target: Path) -> Path:
    if target.is_dir():
        shutil.rmtree(target)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)
    return target


class TestArea:
    """The contract of every area."""

    def test_what_is_put_comes_back(self, bench: Bench) -> None:
        assert bench.get(1) is None
        assert bench.put(1)
        assert bench.put(2)

        assert (bench.get(1), bench.get(2), bench.get(3)) == (bench.value(1), bench.value(2), None)

    def test_no_flipped_bit_is_believed_and_what_is_damaged_goes(self, bench: Bench, saved: Path) -> None:
        place = bench.place(1)
        # Of a tree the record: contents of its files are not read.
        name = "record.json" if bench.is_tree else ""
        good = (place / name if name else place).read_bytes()
        for damaged in list(flipped(good))[:: 7 if name else 1]:
            _copy(saved, place)
            (place / name if name else place).write_bytes(damaged)
            assert bench.get(1) is None, damaged
            assert not os.path.lexists(place)
        _copy(saved, place)
        assert bench.get(1) == bench.value(1)

    def test_what_is_cut_short_or_missing_is_not_believed(self, bench: Bench, saved: Path) -> None:
        place = bench.place(1)
        for file, size in [(file, file.stat().st_size) for file in bench.files(1) if not file.is_symlink()]:
            for length in {0, 1, size // 2, size - 1}:
                _copy(saved, place)
                os.truncate(file, length)
                assert bench.get(1) is None, (file, length)
                assert not os.path.lexists(place)
            # A program's tree without a record is one of a version that wrote none.
            if bench.is_tree and not (file.name == "record.json" and isinstance(bench.area, ProgramArea)):
                _copy(saved, place)
                file.unlink()
                assert bench.get(1) is None, file

    def test_another_item_under_this_name_is_not_believed(self, bench: Bench) -> None:
        bench.put(1)
        bench.place(1).rename(bench.place(2))

        assert bench.get(2) is None

    @pytest.mark.parametrize("other", ["folder", "file", "pipe", "link"])
    def test_something_else_in_an_items_place_holds_nobody_up(self, bench: Bench, tmp_path: Path, other: str) -> None:
        place = bench.place(1)
        place.parent.mkdir(parents=True)
        write_tree(tmp_path / "elsewhere", {"mine": "x"})
        if other == "folder":
            place.mkdir()
        elif other == "file":
            place.write_bytes(b"")
        elif other == "pipe":
            os.mkfifo(place)
        else:
            place.symlink_to(tmp_path / "elsewhere")

        if isinstance(bench.area, ProgramArea):  # a folder of the user's, or a link to one, is a tree without a record
            assert bench.get(1) == {"folder": {}, "link": {"mine": b"x"}}.get(other)
        else:
            assert bench.get(1) is None
        assert snapshot(tmp_path / "elsewhere") == {"mine": b"x"}

    def test_what_a_killed_run_left_is_not_seen_and_goes_later(self, bench: Bench) -> None:
        words = [sys.executable, "-c", _KILLED, str(bench.cache), bench.spec.name]
        assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
        (left,) = bench.area.items()

        assert (left.kind, bench.get(1)) == ("leftover", None)
        bench.put(2)
        assert left.path.exists(), "it may be another run's that is at it"
        os.utime(left.path, (time.time() - 2 * DAY,) * 2)
        bench.put(3)
        assert not left.path.exists()
        assert {item.kind for item in bench.area.items()} == {bench.spec.kind}

    def test_several_may_write_and_read_at_once(self, bench: Bench) -> None:
        whole = [bench.value(number) for number in range(3)]
        threads = [
            threading.Thread(target=lambda number=number: [bench.put(number, key=0) for _ in range(20)])
            for number in range(3)
        ]
        for thread in threads:
            thread.start()
        seen = []
        while any(thread.is_alive() for thread in threads):
            seen.append(bench.get(0))
        for thread in threads:
            thread.join()

        assert not [each for each in seen if each is not None and each not in whole]
        assert bench.get(0) in whole
        assert [item.kind for item in bench.area.items()] == [bench.spec.kind]

    def test_a_cache_that_cannot_be_written_is_no_error(self, bench: Bench) -> None:
        bench.cache.write_text("a file in its place")

        assert (bench.put(1), bench.get(1), bench.area.items(), bench.area.evict(bench.key(1))) == (
            False, None, [], False,
        )  # fmt: skip
        bench.area.touch(bench.key(1))
        bench.area.reap()

    @pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
    def test_a_cache_that_may_only_be_read_serves(self, bench: Bench) -> None:
        bench.put(1)
        folders = [bench.cache, *(path for path in bench.cache.rglob("*") if path.is_dir())]
        for folder in folders:
            folder.chmod(0o500)
        try:
            assert (bench.get(1), bench.get(2), bench.put(2)) == (bench.value(1), None, False)
        finally:
            for folder in folders:
                folder.chmod(0o700)

    def test_making_room_spares_what_was_used_and_what_is_new(self, bench: Bench) -> None:
        for number in range(4):
            bench.put(number)
            self._age(bench, number, DAY * (9 - number))
        (size,) = {size for _, size, _ in bench.area._weighed()}
        limited = replace(bench.spec, max_bytes=size * 3)
        bench.area.touch(bench.key(0))
        Bench(limited, bench.cache).put(4)

        assert [number for number in range(5) if bench.get(number) is not None][:1] == [0]
        assert bench.get(1) is None
        assert bench.get(4) == bench.value(4)

    def test_what_is_got_counts_as_used(self, bench: Bench) -> None:
        bench.put(1)
        self._age(bench, 1, 9 * DAY)
        bench.get(1)
        (item,) = bench.area.items()

        assert item.used > time.time() - DAY

    def test_items_are_what_people_are_told_of(self, bench: Bench) -> None:
        bench.put(1)
        bench.put(2)
        write_tree(bench.place(1).parent, {"notes.txt": "the user's own", "mine/x": "y"})
        (item, _) = bench.area.items()

        assert {each.path for each in bench.area.items()} == {bench.place(1), bench.place(2)}
        assert {each.path for each in bench.spec.items(bench.cache)} == {bench.place(1), bench.place(2)}
        assert (item.kind, item.area) == (bench.spec.kind, bench.spec.name)
        assert item.size_bytes >= sum(file.stat().st_size for file in bench.files(1))
        assert bench.area.evict(bench.key(1))
        assert not bench.area.evict(bench.key(1))
        assert (bench.get(1), bench.get(2)) == (None, bench.value(2))

    @pytest.mark.parametrize("key", ["", "x", "../x", "../" + "0" * 64, "0" * 64 + "/../x", ".hidden"])
    def test_a_key_under_which_nothing_would_be_found_is_refused(self, bench: Bench, key: str) -> None:
        with pytest.raises(ValueError, match="is not a key"):
            bench.area.place(key)

    def test_what_is_private_is_for_its_owners_eyes(self, bench: Bench) -> None:
        bench.put(1)
        others = bench.place(1).stat().st_mode & 0o077

        assert (others == 0) == bench.spec.private

    @staticmethod
    def _age(bench: Bench, number: int, seconds: float) -> None:
        place = bench.place(number)
        for path in (place, *place.rglob("record.json")):
            os.utime(path, (time.time() - seconds,) * 2)
        if isinstance(bench.area, ProgramArea):  # their dates do not count
            for path in place.rglob("*"):
                os.utime(path, (time.time() - seconds,) * 2, follow_symlinks=False)


def test_every_area_is_listed_once_and_its_checksums_are_its_own() -> None:
    names = [spec.name for spec in (*AREAS, *WITHIN)]
    abouts = [spec.about for spec in (*AREAS, *WITHIN) if spec.form is not Area]

    assert len(set(names)) == len(names)
    assert len(set(abouts)) == len(abouts)
    assert all(abouts)


def test_a_stream_is_kept_as_its_bytes_are(tmp_path: Path) -> None:
    area = CacheDir(tmp_path).area(DUMMIES[0])
    content = os.urandom(3 << 20)
    assert area.put("0" * 64, io.BytesIO(content))
    streamed = area.place("0" * 64).read_bytes()

    assert area.get("0" * 64) == content
    assert area.put("0" * 64, content)
    assert area.place("0" * 64).read_bytes() == streamed


def test_a_tree_that_its_maker_gives_up_is_not_kept(tmp_path: Path) -> None:
    area = CacheDir(tmp_path).area(DUMMIES[2])

    assert not area.put("0" * 64, lambda folder: (folder / "x").touch())
    assert area.items() == []


@pytest.mark.parametrize("harm", ["edited", "added", "mode"])
def test_a_tree_whose_files_were_touched_is_not_there(tmp_path: Path, harm: str) -> None:
    bench = Bench(DUMMIES[2], tmp_path)
    bench.put(1)
    file = bench.place(1) / "files/data"
    if harm == "edited":
        file.write_bytes(bytes(reversed(file.read_bytes())))
    elif harm == "added":
        (file.parent / "more").touch()
    else:
        file.chmod(0o600)

    assert bench.get(1) is None


def test_a_programs_tree_serves_as_a_copy_and_with_what_was_added(tmp_path: Path) -> None:
    """People restore caches without dates, and some tools put shims beside Node."""
    bench = Bench(DUMMIES[3], tmp_path)
    bench.put(1)
    file = bench.place(1) / "data"
    os.utime(file, (1e9, 1e9))
    (file.parent / "bin/yarn").touch()
    assert bench.get(1) == {**bench.value(1), "bin/yarn": b""}
    (file.parent / "bin/tool").chmod(0o644)
    assert bench.get(1) is None


def test_a_programs_tree_of_a_version_that_kept_no_record_serves(tmp_path: Path) -> None:
    bench = Bench(DUMMIES[3], tmp_path)
    write_tree(bench.place(1), bench.value(1))

    assert bench.get(1) == bench.value(1)


class TestForeignFormats:
    """Areas whose rooms have formats of their own: what they write is what the area finds."""

    def test_of_the_archive_engine(self, tmp_path: Path) -> None:
        write_tree(tmp_path / "in", {"a.js": "a" * 999})
        cache = tmp_path / "cache"
        pack(tmp_path / "in", tmp_path / "out.zip", cache=open_cache(cache))

        self._are_all(cache, {"archive/members": 1, "archive/records": 1}, {"lock"})

    def test_of_engines(self, tmp_path: Path) -> None:
        with running_mirror(lambda target, file: f"{target}/{file}".encode()) as mirror:
            store(tmp_path / "cache", mirror).get(FILE)

        self._are_all(tmp_path / "cache", {"engines": 1}, set())

    @staticmethod
    def _are_all(cache: Path, counts: dict[str, int], beside: set[str]) -> None:
        found = pruning.items(cache)
        held = {area.name: area.items for area in pruning.weigh(found) if area.items}
        pruning.remove(found, lambda item, error: pytest.fail(f"{item.path}: {error}"))

        assert held == counts
        assert {path.name for path in cache.rglob("*") if path.is_file()} <= beside


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_leftovers_of_every_version_are_known(spec: AreaSpec[Area], tmp_path: Path) -> None:
    key = {"archive/records": "out.zip-01234567"}.get(spec.name, KEYS.get(spec.name, "{0:064x}")).format(1)
    shelf = tmp_path.joinpath(spec.name, *"abcdef"[: spec.depth - 1])
    names = [f".{key}{spec.suffix}.4711-0a1b2c3d.partial", f".{key}.0a1b2c3d.removed", ".fetching-ab_12cde"]
    older = [f"{key}.4711.partial", f"{key}.0a1b2c3d.partial", f"{key}.partial"]
    write_tree(shelf, dict.fromkeys([*names, *older, "notes.partial", ".mine.partial"], "x"))

    assert {item.path.name for item in spec.items(tmp_path) if item.kind == "leftover"} == {*names, *older}
