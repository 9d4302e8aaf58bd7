"""Deflate64 by either library that reads it: the same bytes, the same refusals, and no trace left in ``zipfile``."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from itertools import zip_longest
from typing import TYPE_CHECKING

import pytest

from packager.archive.read.inflate import CorruptStream, deflate64_library, inflater
from packager.archive.read.reader import ReadLimits, open_archive
from packager.cli import run
from packager.core.errors import ArtifactError, EnvironmentFault
from tests.support.bits import flipped
from tests.unit.archive.zips import Record, compressed, handmade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULES = {"zipfile-deflate64": "zipfile_deflate64", "inflate64": "inflate64"}
TEXT = b"the quick brown fox " * 9000
ENDS = b"aruutitsussd uotse  ruuelsiluortneeedhe do lehou"
# What 7-Zip 26.02 makes of ENDS + b"packager\n" * 9000 + ENDS with -mm=Deflate64.
OF_7ZIP = base64.b64decode(
    "5MjBDQIhEADAv1XQGpGNd5GIYdn+tY/5TabvqnOfrMzRap2M1v4VM+9Za59PRIwr2lhtxrXq25/v/or94MGD"
    + "Bw8ePHjw4MGD" * 29
    + "Bw8ev3Lk4ARAGAYA4CpZTWhAoVgwzf46gv/7HceD"
    + "Bw8ePHjw4MGD" * 9
    + "Bw8ePHj8wfF072tXV43otSsjvspZ1+z17Dszx5kxVsw8V78="
)

needs_zipfile_deflate64 = pytest.mark.skipif(
    importlib.util.find_spec("zipfile_deflate64") is None,
    reason="zipfile-deflate64 is not installed: pip install 'packager[deflate64]'",
)


@pytest.fixture(autouse=True)
def _chosen_anew() -> Iterator[None]:
    deflate64_library.cache_clear()
    yield
    deflate64_library.cache_clear()


@pytest.fixture(params=[pytest.param("zipfile-deflate64", marks=needs_zipfile_deflate64), "inflate64"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have this library alone installed, and return its name."""
    for name, module in MODULES.items():
        if name != request.param:
            monkeypatch.setitem(sys.modules, module, None)
    return str(request.param)


def _read(path: Path) -> dict[str, bytes]:
    with open_archive(path) as archive:
        return {member.path: archive.read(member) for member in archive.members}


def _python(script: str, *arguments: str, stream: bytes = b"") -> str:
    """Run a script in an interpreter of its own and return what it prints."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, env=env, input=stream, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


# ---- Which one reads ------------------------------------------------------------------------


@needs_zipfile_deflate64
def test_zipfile_deflate64_reads_wherever_it_is_installed() -> None:
    assert deflate64_library().name == "zipfile-deflate64"


def test_whichever_is_there_reads(reader: str, tmp_path: Path) -> None:
    """Windows Explorer writes it above 2 GB, and 7-Zip on request."""
    path = handmade(tmp_path / "a.zip", Record(b"big.txt", TEXT, method=9), Record(b"empty", method=9))

    assert _read(path) == {"big.txt": TEXT, "empty": b""}
    assert deflate64_library().name == reader


def test_what_7zip_made_is_read(reader: str) -> None:
    assert b"".join(inflater(9)([OF_7ZIP])) == ENDS + b"packager\n" * 9000 + ENDS
    assert deflate64_library().name == reader


@pytest.mark.skipif(shutil.which("7z") is None, reason="needs 7z (p7zip-full)")
def test_an_archive_of_this_machines_7zip_is_read(reader: str, tmp_path: Path) -> None:
    content = os.urandom(70_000) + bytes(300_000) + TEXT
    (tmp_path / "a.bin").write_bytes(content)
    command = ["7z", "a", "-tzip", "-mm=Deflate64", str(tmp_path / "a.zip"), str(tmp_path / "a.bin")]
    subprocess.run(command, capture_output=True, check=True)

    with open_archive(tmp_path / "a.zip") as archive:
        assert [member.method for member in archive.members] == [9]
    assert _read(tmp_path / "a.zip") == {"a.bin": content}
    assert deflate64_library().name == reader


def test_without_either_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in MODULES.values():
        monkeypatch.setitem(sys.modules, module, None)
    path = handmade(tmp_path / "a.zip", Record(b"a", TEXT, stream=b"\0", method=9))

    for _ in range(2):
        with pytest.raises(EnvironmentFault, match="pip install inflate64"):
            _read(path)


@pytest.mark.parametrize("as_json", [False, True])
def test_doctor_says_which_one_reads(reader: str, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    assert run(["doctor", "--offline", *(["--json"] if as_json else [])]) == 0
    said = capsys.readouterr().out

    if as_json:
        (check,) = (each for each in json.loads(said)["checks"] if each["name"] == "Deflate64")
        assert (check["state"], check["detail"]) == ("ok", f"is read through {reader}")
    else:
        assert f"Deflate64      is read through {reader}\n" in said


def test_doctor_says_that_none_does(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for module in MODULES.values():
        monkeypatch.setitem(sys.modules, module, None)

    assert run(["doctor", "--offline", "--json"]) == 0

    (check,) = (each for each in json.loads(capsys.readouterr().out)["checks"] if each["name"] == "Deflate64")
    assert (check["state"], check["fix"]) == ("missing", "install it: python -m pip install inflate64")


@pytest.mark.parametrize("words", [["--help"], ["pack", "in", "-o", "out.zip"], ["pack", "plain.zip", "-o", "out.zip"]])
def test_neither_is_loaded_where_nothing_is_deflate64(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(TEXT)
    handmade(tmp_path / "plain.zip", Record(b"a", TEXT, method=8))
    command = [sys.executable, "-X", "importtime", "-m", "packager", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "packager.cli" in loaded
    assert {name for name in loaded if name.partition(".")[0] in MODULES.values()} == set()


# ---- zipfile stays as it is -----------------------------------------------------------------

LOOKED_AT = """
import sys, zipfile
def look():
    hosts = [zipfile, zipfile.ZipExtFile, zipfile.ZipFile, zipfile.ZipInfo]
    return [dict(vars(host)) for host in hosts]
def same(one, other):
    return all(a.keys() == b.keys() and all(a[key] is b[key] for key in a) for a, b in zip(one, other))
fresh = look()
from packager.archive.read.inflate import deflate64_library, inflater
stream = sys.stdin.buffer.read()
"""


@needs_zipfile_deflate64
def test_importing_it_ourselves_does_patch_zipfile() -> None:
    """What the others are about: without this, they would hold of a library that patches nothing."""
    assert _python(f"{LOOKED_AT}\nimport zipfile_deflate64\nprint(same(fresh, look()))") == "False"


@needs_zipfile_deflate64
def test_the_patch_is_gone_after_reading() -> None:
    script = f"""{LOOKED_AT}
import io
said = b"".join(inflater(9)([stream]))
print(deflate64_library().name, len(said), same(fresh, look()), hasattr(zipfile, "ZIP_DEFLATED64"))
try:
    zipfile.ZipFile(io.BytesIO(), "w", 9)
except NotImplementedError:
    print("refused")
print([name for name in sys.modules if name.startswith("zipfile_deflate64")])
"""
    said = _python(script, stream=compressed(TEXT, 9)).splitlines()

    assert said == [f"zipfile-deflate64 {len(TEXT)} True False", "refused", "[]"]


@needs_zipfile_deflate64
def test_whoever_imports_it_later_gets_what_they_asked_for() -> None:
    script = f"""{LOOKED_AT}
b"".join(inflater(9)([stream]))
import zipfile_deflate64
print(zipfile.ZIP_DEFLATED64, zipfile_deflate64.deflate64.Deflate64().decompress(stream)[:9], same(fresh, look()))
again = look()
print(len(b"".join(inflater(9)([stream]))), same(again, look()))
"""
    said = _python(script, stream=compressed(TEXT, 9)).splitlines()

    assert said == ["9 b'the quick' False", f"{len(TEXT)} True"]


@needs_zipfile_deflate64
def test_the_patch_of_those_who_imported_it_before_is_theirs() -> None:
    script = f"""{LOOKED_AT}
import zipfile_deflate64
theirs = look()
print(len(b"".join(inflater(9)([stream]))), deflate64_library().name, same(theirs, look()))
"""
    assert _python(script, stream=compressed(TEXT, 9)) == f"{len(TEXT)} zipfile-deflate64 True"


@needs_zipfile_deflate64
def test_the_patch_is_gone_after_reading_by_many_threads() -> None:
    script = f"""{LOOKED_AT}
import threading
sys.setswitchinterval(1e-6)
begin = threading.Barrier(8)
sizes = []
def read():
    begin.wait()
    sizes.append(len(b"".join(inflater(9)([stream]))))
threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(set(sizes), len(sizes), same(fresh, look()))
"""
    assert _python(script, stream=compressed(TEXT, 9)) == f"{{{len(TEXT)}}} 8 True"


@pytest.mark.parametrize("fault", ["ImportError", "AttributeError"])
def test_one_that_cannot_be_imported_leaves_no_trace_and_the_other_reads(fault: str, tmp_path: Path) -> None:
    """Built for another Python, or made for another zipfile: whatever it has patched by then is taken back."""
    (tmp_path / "zipfile_deflate64").mkdir()
    (tmp_path / "zipfile_deflate64" / "__init__.py").write_text(
        f"import zipfile\nzipfile.ZIP_DEFLATED64 = 9\nzipfile._check_compression = None\nraise {fault}('broken')\n"
    )
    script = f"""import sys; sys.path.insert(0, sys.argv[1])
{LOOKED_AT}
print(len(b"".join(inflater(9)([stream]))), deflate64_library().name, same(fresh, look()))
"""
    assert _python(script, str(tmp_path), stream=compressed(TEXT, 9)) == f"{len(TEXT)} inflate64 True"


# ---- Bounds and broken data -----------------------------------------------------------------


@pytest.mark.usefixtures("reader")
def test_pieces_stay_small() -> None:
    zeros = [len(piece) for piece in inflater(9)([compressed(bytes(24 << 20), 9)])]
    assert sum(zeros) == 24 << 20
    assert max(zeros) <= 15 << 20, "whatever the stream: what 512 bytes can become"

    content = os.urandom(1 << 20)
    pieces = [len(piece) for piece in inflater(9)([compressed(content, 9)])]
    assert sum(pieces) == len(content)
    assert max(pieces) <= 128 << 10


@pytest.mark.usefixtures("reader")
def test_nothing_is_decoded_before_it_is_asked_for() -> None:
    stream, given = compressed(os.urandom(1 << 20), 9), []

    def chunks() -> Iterator[bytes]:
        for at in range(0, len(stream), 4096):
            given.append(at)
            yield stream[at : at + 4096]

    pieces = inflater(9)(chunks())
    next(pieces)
    assert len(given) == 1


@pytest.mark.usefixtures("reader")
def test_streams_read_side_by_side_do_not_mix() -> None:
    contents = [os.urandom(200_000) + TEXT, TEXT + os.urandom(200_000)]
    streams = [inflater(9)([compressed(content, 9)]) for content in contents]
    found = [b"", b""]
    for pieces in zip_longest(*streams, fillvalue=b""):
        found = [whole + piece for whole, piece in zip(found, pieces, strict=True)]

    assert found == contents


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Record(b"a", TEXT, method=9, stream=b"\xff" * 50), "is damaged: "),
        (Record(b"a", TEXT, method=9, stream=compressed(TEXT, 9)[:-9]), "stream ends too early"),
        (Record(b"a", TEXT, method=9, stream=b""), "stream ends too early"),
        (Record(b"a", TEXT, method=9, crc=1), "checksum"),
        (Record(b"a", b"abc", method=9, size=4), "holds 3 bytes, but its header gives 4"),
        (Record(b"a", b"abc", method=9, size=2), "more than the 2 bytes"),
    ],
)
def test_a_broken_member_is_refused_and_named(record: Record, message: str, tmp_path: Path) -> None:
    path = handmade(tmp_path / "a.zip", record)
    with open_archive(path) as archive, pytest.raises(ArtifactError, match=message) as caught:
        archive.read(archive.members[0])

    assert caught.value.where == f"{path}!a"


@pytest.mark.usefixtures("reader")
def test_no_flipped_bit_and_no_cut_gives_other_data(tmp_path: Path) -> None:
    content = ENDS * 3
    stream = compressed(content, 9)
    for damaged in (*flipped(stream), *(stream[:length] for length in range(len(stream)))):
        path = handmade(tmp_path / "a.zip", Record(b"a", content, method=9, stream=damaged))
        try:
            assert _read(path) == {"a": content}
        except ArtifactError:
            continue
    for length in range(len(stream)):
        with pytest.raises(CorruptStream, match="ends too early"):
            list(inflater(9)([stream[:length]]))


@pytest.mark.usefixtures("reader")
def test_a_bomb_that_lies_about_its_size_is_stopped(tmp_path: Path) -> None:
    record = Record(b"zeros", bytes(40 << 20), method=9, size=1000)
    with (
        open_archive(handmade(tmp_path / "a.zip", record), limits=ReadLimits(total_bytes=2000)) as archive,
        pytest.raises(ArtifactError, match="more than the 1,000 bytes"),
    ):
        archive.read(archive.members[0])


@pytest.mark.usefixtures("reader")
def test_a_bomb_by_ratio_is_refused_unread(tmp_path: Path) -> None:
    record = Record(b"zeros", stream=b"x", method=9, size=100 << 20, crc=0)
    with (
        open_archive(handmade(tmp_path / "a.zip", record)) as archive,
        pytest.raises(ArtifactError, match="looks like a zip bomb"),
    ):
        archive.open(archive.members[0])


@pytest.mark.usefixtures("reader")
def test_a_packed_archive_is_the_same_by_either(tmp_path: Path) -> None:
    source = handmade(tmp_path / "windows.zip", Record(b"index.js", TEXT, method=9, made_by=20, mode=0))
    assert run(["pack", str(source), "-o", str(tmp_path / "out.zip")]) == 0

    with zipfile.ZipFile(tmp_path / "out.zip") as made:
        assert [info.compress_type for info in made.infolist()] == [zipfile.ZIP_DEFLATED]
        assert made.read("index.js") == TEXT
