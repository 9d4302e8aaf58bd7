"""What must hold for every tree: same bytes in any order, nothing lost, nothing outside."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from packager.archive.pack import pack
from packager.archive.read.reader import open_archive
from packager.archive.read.unpack import unpack
from packager.archive.write.layout import make_layout
from packager.archive.write.writer import write
from packager.core.errors import ArtifactError
from tests.unit.archive.zips import Record, handmade

if TYPE_CHECKING:
    import random

_SEGMENTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\\\0"), min_size=1, max_size=12
).filter(lambda segment: segment not in (".", ".."))
_NAMES = st.lists(_SEGMENTS, min_size=1, max_size=4).map("/".join)
_CONTENTS = st.one_of(
    st.binary(max_size=300),
    st.binary(min_size=1, max_size=4).map(lambda unit: unit * 900),
    st.binary(max_size=50).map(b"\x7fELF".__add__),
    st.binary(max_size=50).map(b"#!".__add__),
)


def _without_conflicts(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files without those that others need as a folder."""
    folders = {str(parent) for name in files for parent in PurePosixPath(name).parents}
    return {name: content for name, content in files.items() if str(PurePosixPath(name)) not in folders}


_TREES = st.dictionaries(_NAMES, _CONTENTS, max_size=12).map(_without_conflicts)


@settings(deadline=None)
@given(_TREES, st.randoms(use_true_random=False), st.integers(1, 4))
def test_same_files_same_bytes_in_any_order_and_with_any_threads(
    files: dict[str, bytes], shuffler: random.Random, jobs: int
) -> None:
    """ "Same inputs: same bytes, under any time zone, umask, locale, directory order, user, machine." """
    pairs = list(files.items())
    with tempfile.TemporaryDirectory() as folder:
        first = write(make_layout(pairs), Path(folder, "a.zip"), jobs=1)
        shuffler.shuffle(pairs)
        second = write(make_layout(pairs), Path(folder, "b.zip"), jobs=jobs)
    assert first.sha256 == second.sha256


@settings(deadline=None)
@given(_TREES)
def test_zipfile_reads_back_every_byte_mode_and_size(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        artifact = write(make_layout(files.items()), Path(folder, "a.zip"))
        raw = artifact.path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        infos = archive.infolist()
        assert {info.filename: archive.read(info) for info in infos} == files
    assert [info.filename for info in infos] == sorted(files, key=str.encode)
    for info, member in zip(infos, artifact.members, strict=True):
        executable = files[info.filename].startswith((b"\x7fELF", b"#!"))
        assert info.external_attr >> 16 == (0o100755 if executable else 0o100644)
        assert (member.size_bytes, member.compressed_bytes) == (info.file_size, info.compress_size)
    assert artifact.unzipped_bytes == sum(info.file_size for info in infos)
    assert artifact.zipped_bytes == len(raw)


@settings(deadline=None)
@given(_TREES)
def test_our_reader_and_our_packer_lose_nothing(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        artifact = write(make_layout(files.items()), Path(folder, "a.zip"))
        with open_archive(artifact.path) as archive:
            assert {member.path: archive.read(member) for member in archive.members} == files
        assert pack(artifact.path, Path(folder, "b.zip")).sha256 == artifact.sha256


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Record,
            name=st.text("a./\\é\0 ~C:", max_size=9).map(str.encode),
            data=st.one_of(st.binary(max_size=9), st.sampled_from([b"..", b"a", b".", b"../..", b"/tmp", b"a/.."])),
            mode=st.sampled_from([0o100644, 0o120777, 0o104777, 0o040755, 0]),
        ),
        max_size=5,
    ),
    st.booleans(),
)
def test_no_member_leaves_its_root(records: list[Record], portable: bool) -> None:
    """Either the archive is refused, or all that it leaves lies in the folder, links included."""
    with tempfile.TemporaryDirectory() as folder:
        around = Path(folder, "around").resolve()
        into = around / "deep" / "into"
        into.mkdir(parents=True)
        path = handmade(Path(folder, "a.zip"), *records)
        with open_archive(path) as archive, suppress(ArtifactError):
            unpack(archive, into, portable=portable)
        assert [entry.name for entry in around.iterdir()] == ["deep"]
        assert [entry.name for entry in (around / "deep").iterdir()] == ["into"]
        for entry in into.rglob("*"):
            real = Path(os.path.realpath(entry))
            assert real == into or into in real.parents
