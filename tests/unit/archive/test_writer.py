"""The writer: same bytes under every circumstance, readable by others, all or nothing on disk."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from deflate import deflate_compress

from packager.archive.ahead import BATCH_BYTES, HELD_BYTES, LARGE_BYTES, WorkBatch, batches, working_ahead
from packager.archive.layout import make_layout
from packager.archive.members import Packed, pack_members
from packager.archive.writer import write
from packager.core.errors import ArtifactError, EnvironmentFault, UsageError
from packager.glance.codec import LEVELS, SMALL_BYTES
from tests.unit.archive.zips import ELF, TREE, contents, layout_of, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def test_zipfile_reads_back_contents_modes_and_sizes(tmp_path: Path) -> None:
    artifact = write(layout_of(tree(tmp_path / "in", TREE)), tmp_path / "out.zip")

    assert contents(artifact.path) == TREE
    with zipfile.ZipFile(artifact.path) as archive:
        assert archive.testzip() is None
        for info, member in zip(archive.infolist(), artifact.members, strict=True):
            assert (info.filename, info.file_size, info.compress_size) == (
                member.path, member.size_bytes, member.compressed_bytes,
            )  # fmt: skip
            assert info.external_attr >> 16 == (0o100755 if member.executable else 0o100644)
            assert (info.date_time, info.create_system, info.extra, info.comment) == (
                (1980, 1, 1, 0, 0, 0),
                3,
                b"",
                b"",
            )
            assert info.flag_bits == (0 if member.path.isascii() else 0x800)
            assert member.sha256 == hashlib.sha256(TREE[member.path]).hexdigest()
    assert [member.path for member in artifact.members if member.executable] == ["bin/tool", "lib/engine.so.node"]
    assert artifact.zipped_bytes == artifact.path.stat().st_size
    assert artifact.unzipped_bytes == sum(map(len, TREE.values()))
    assert artifact.sha256 == hashlib.sha256(artifact.path.read_bytes()).hexdigest()


def test_what_does_not_shrink_is_stored(tmp_path: Path) -> None:
    noise = random.Random(7).randbytes(5000)
    artifact = write(make_layout([("noise", noise), ("text", b"a" * 5000), ("empty", b"")]), tmp_path / "out.zip")

    with zipfile.ZipFile(artifact.path) as archive:
        methods = {info.filename: info.compress_type for info in archive.infolist()}
    assert methods == {"noise": zipfile.ZIP_STORED, "text": zipfile.ZIP_DEFLATED, "empty": zipfile.ZIP_STORED}


def test_an_empty_layout_is_a_valid_archive(tmp_path: Path) -> None:
    assert contents(write(make_layout([]), tmp_path / "out.zip").path) == {}


def test_bytes_do_not_depend_on_times_order_or_threads(tmp_path: Path) -> None:
    one = tree(tmp_path / "one", TREE)
    two = tree(tmp_path / "two", dict(reversed(TREE.items())))
    for number, path in enumerate(sorted(two.rglob("*"))):
        os.utime(path, (number * 1e6, number * 1e6))
        path.chmod(0o700)

    made = {write(layout_of(one), tmp_path / f"{jobs}.zip", jobs=jobs).sha256 for jobs in (1, 2, 8)}
    made.add(write(layout_of(two), tmp_path / "two.zip").sha256)

    assert len(made) == 1


def test_bytes_do_not_depend_on_zone_umask_or_locale(tmp_path: Path) -> None:
    tree(tmp_path / "in", TREE)
    script = (
        "import os, sys; from pathlib import Path; from packager.archive.pack import pack\n"
        "os.umask(int(sys.argv[3], 8)); print(pack(Path(sys.argv[1]), Path(sys.argv[2])).sha256)"
    )
    seen = set()
    for zone, umask, locale in [
        ("UTC", "022", "C.UTF-8"),
        ("Asia/Tokyo", "077", "C"),
        ("America/Lima", "000", "POSIX"),
    ]:
        env = {**os.environ, "TZ": zone, "LC_ALL": locale, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", script, str(tmp_path / "in"), str(tmp_path / "out.zip"), umask]
        seen.add(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout)

    assert len(seen) == 1


def test_large_members_among_small_ones_come_out_in_order(tmp_path: Path) -> None:
    generator = random.Random(3)
    files = {f"{number:03}": generator.randbytes(50) * generator.choice([1, 10, 70_000]) for number in range(60)}

    made = {write(make_layout(files.items()), tmp_path / f"{jobs}.zip", jobs=jobs).sha256 for jobs in (1, 3)}

    assert len(made) == 1
    assert list(contents(tmp_path / "3.zip").items()) == sorted(files.items())


@pytest.mark.parametrize("level", [1, 6, 10, 12])
def test_every_level_round_trips_and_is_named(tmp_path: Path, level: int) -> None:
    artifact = write(make_layout(TREE.items()), tmp_path / "out.zip", level=level)

    assert contents(artifact.path) == TREE
    assert artifact.codec.startswith("libdeflate")
    assert f" level {level}" in artifact.codec


@pytest.mark.parametrize("level", [-1, 0, 13])
def test_other_levels_are_a_usage_error(tmp_path: Path, level: int) -> None:
    with pytest.raises(UsageError, match="compression level"):
        write(make_layout([]), tmp_path / "out.zip", level=level)


@pytest.mark.parametrize("jobs", [0, -2])
def test_no_jobs_is_a_usage_error(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(UsageError, match="jobs"):
        write(make_layout([]), tmp_path / "out.zip", jobs=jobs)


def test_a_missing_codec_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deflate", None)

    with pytest.raises(EnvironmentFault, match="pip install deflate"):
        write(make_layout([("a", b"")]), tmp_path / "out.zip")


def _vanish(path: Path) -> None:
    path.unlink()


def _grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def _shrink(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("change", [_vanish, _grow, _shrink])
def test_a_source_that_changes_meanwhile_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    layout = layout_of(tree(tmp_path / "in", TREE))
    victim = tmp_path / "in" / "index.js"

    def late(*arguments: object) -> Packed:
        change(victim)
        return pack_members(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("packager.archive.writer.pack_members", late)
    (tmp_path / "out.zip").write_bytes(b"old")

    with pytest.raises(ArtifactError) as caught:
        write(layout, tmp_path / "out.zip")

    assert caught.value.where == str(victim)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.zip*")} == {"out.zip": b"old"}
    assert list(tmp_path.glob(".*")) == []


@contextmanager
def _powerless() -> Iterator[Path]:
    """Yield a folder that others may write to, and stop being root: root reads everything."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)


def test_an_unreadable_source_is_named() -> None:
    with _powerless() as folder:
        source = tree(folder / "in", TREE) / "index.js"
        source.chmod(0)
        with pytest.raises(ArtifactError, match="Permission denied") as caught:
            write(layout_of(folder / "in"), folder / "out.zip")

    assert caught.value.where == str(source)
    assert "readable" in caught.value.fix


def test_a_read_only_folder_is_the_environments_fault() -> None:
    with _powerless() as folder:
        (folder / "dist").mkdir(mode=0o555)
        with pytest.raises(EnvironmentFault, match="Permission denied") as caught:
            write(make_layout([]), folder / "dist" / "out.zip")

    assert caught.value.fix


def test_a_source_that_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ArtifactError, match="not a regular file"):
        write(make_layout([("pipe", tmp_path / "pipe")]), tmp_path / "out.zip")


def test_a_file_of_four_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 32)  # sparse: takes no room

    with pytest.raises(ArtifactError, match="below 4 GiB"):
        write(make_layout([("huge", tmp_path / "huge")]), tmp_path / "out.zip")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_an_interrupted_write_leaves_the_old_archive_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(_: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    (tmp_path / "out.zip").write_bytes(b"old")

    expected = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else EnvironmentFault
    with pytest.raises(expected):
        write(make_layout(TREE.items()), tmp_path / "out.zip")

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"out.zip": b"old"}


def test_a_full_disk_is_the_environments_fault(tmp_path: Path) -> None:
    """A file-size limit stands in for the full disk: the real error of a real write."""
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from packager.archive.writer import write; from packager.archive.layout import make_layout\n"
        "from packager.core.errors import EnvironmentFault\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "noise = __import__('random').Random(1).randbytes(3 << 20)\n"
        "try: write(make_layout([('a', noise)]), Path(sys.argv[1]))\n"
        "except EnvironmentFault as fault: print(fault.exit_code, fault.fix)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, str(tmp_path / "out.zip")]
    told = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout

    assert told.startswith("4 free some space")
    assert list(tmp_path.iterdir()) == []


def test_destinations_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(UsageError, match="is a folder"):
        write(make_layout([]), tmp_path)
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        write(make_layout([]), tmp_path / "file" / "out.zip")


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    assert write(make_layout([]), tmp_path / "dist" / "deep" / "out.zip").path.exists()


def test_writing_is_untouched_by_the_zipfile_patch(tmp_path: Path) -> None:
    """Importing zipfile_deflate64 patches zipfile for the process; our bytes must not notice."""
    script = (
        "import importlib.util, sys; from pathlib import Path\n"
        "from packager.archive.writer import write; from packager.archive.layout import make_layout\n"
        "patched = importlib.util.find_spec('zipfile_deflate64') is not None\n"
        "if patched: import zipfile_deflate64\n"
        "print(patched, write(make_layout([('a', b'x' * 9999)]), Path(sys.argv[1])).sha256)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, str(tmp_path / "patched.zip")]
    patched, sha256 = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.split()
    if patched == "False":
        pytest.skip("zipfile_deflate64 is not installed")

    assert sha256 == write(make_layout([("a", b"x" * 9999)]), tmp_path / "plain.zip").sha256


def test_memory_stays_within_its_bound() -> None:
    """Tasks submitted and results held never account for more than the bound, large ones go one at a time."""
    sizes = [LARGE_BYTES + 1] * 4 + [1 << 20] * 200 + [LARGE_BYTES + 2] * 2 + [500] * 3000
    tasks = batches(sizes)
    guard = threading.Lock()
    running: list[int] = []
    held = most_held = most_large = 0

    def pack(batch: WorkBatch, _: Callable[[], bool]) -> Packed:
        nonlocal held, most_held, most_large
        with guard:
            running.append(batch.size_bytes)
            held += batch.size_bytes
            most_held = max(most_held, held)
            most_large = max(most_large, sum(size > LARGE_BYTES for size in running))
        if batch.size_bytes > LARGE_BYTES:
            time.sleep(0.01)  # leaves a second large one the time to show up
        with guard:
            running.remove(batch.size_bytes)
        return Packed((bytes(batch.size_bytes),), batch.size_bytes, (), ())

    with working_ahead(tasks, pack, 4) as packed:
        for task, result in zip(tasks, packed, strict=True):
            assert result.size_bytes == task.size_bytes
            with guard:
                held -= task.size_bytes

    # The one that is wanted next goes in over the bound, or nothing would move.
    assert most_held <= HELD_BYTES + LARGE_BYTES + BATCH_BYTES
    assert most_large == 1


def test_elf_and_scripts_are_executable_whatever_their_mode(tmp_path: Path) -> None:
    root = tree(tmp_path / "in", {"a.so": ELF, "b.sh": b"#!/bin/sh\n", "c": b"\x7fEL", "d": b" #!"})
    for path in root.iterdir():
        path.chmod(0o600)

    members = write(layout_of(root), tmp_path / "out.zip").members

    assert {member.path: member.executable for member in members} == {
        "a.so": True,
        "b.sh": True,
        "c": False,
        "d": False,
    }


def test_small_contents_are_not_worth_the_best_level(tmp_path: Path) -> None:
    small, large = (b"".join(b"line %d of some text\n" % n for n in range(count)) for count in (700, 5000))
    assert len(small) <= SMALL_BYTES < len(large)

    made = write(make_layout([("large", large), ("small", small)]), tmp_path / "best.zip", level=LEVELS["best"])

    sizes = {member.path: member.compressed_bytes for member in made.members}
    assert sizes == {"large": len(deflate_compress(large, 10)), "small": len(deflate_compress(small, 9))}
    # The name tells, so that archives and caches of another rule are not taken for these.
    assert made.codec.endswith("level 10, 9 up to 16384 bytes")
    assert write(make_layout([("small", small)]), tmp_path / "max.zip", level=LEVELS["max"]).codec.endswith("level 12")
