"""The reader meets arbitrary and damaged bytes with `ArtifactError` and nothing else."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from packager.archive.read.reader import open_archive
from packager.archive.read.unpack import unpack
from packager.archive.write.layout import make_layout
from packager.archive.write.writer import write
from packager.core.errors import ArtifactError
from tests.unit.archive.zips import TREE, Record, handmade


def _samples() -> list[bytes]:
    """Return a few sound archives to be damaged."""
    with tempfile.TemporaryDirectory() as folder:
        ours = write(make_layout(TREE.items()), Path(folder, "ours.zip")).path.read_bytes()
        records = [Record(b"a", b"text " * 99, method=method) for method in (0, 8, 9)]
        theirs = handmade(Path(folder, "a.zip"), *records, Record(b"l", b"a", mode=0o120777), comment=b"c").read_bytes()
    return [ours, theirs]


SAMPLES = _samples()


def _meet(data: bytes) -> None:
    """Read and unpack everything there is; only ArtifactError may come of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.zip")
        path.write_bytes(data)
        with suppress(ArtifactError), open_archive(path) as archive:
            for member in archive.members:
                with suppress(ArtifactError), archive.open(member) as stream:
                    while stream.read(9999):
                        pass
            unpack(archive, Path(folder, "out"))


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes(data: bytes) -> None:
    _meet(data)


@settings(deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_random_bytes_before_an_end_record(data: bytes, end: bytes) -> None:
    _meet(data + b"PK\1\2" + end + b"PK\5\6" + end)


@settings(deadline=None)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=6),
    st.floats(0, 1) | st.just(1.0),
)
def test_damaged_archives(sample: bytes, patches: list[tuple[float, bytes]], kept: float) -> None:
    data = bytearray(sample[: int(len(sample) * kept)])
    for place, patch in patches:
        at = int(place * len(data))
        data[at : at + len(patch)] = patch
    _meet(bytes(data))


@settings(deadline=None)
@given(st.integers(0, 2), st.integers(0, 45), st.binary(min_size=1, max_size=4))
def test_damaged_directory_records(which: int, field: int, patch: bytes) -> None:
    """Every field of a directory record, each with odd values."""
    data = bytearray(SAMPLES[1])
    at = -1
    for _ in range(which + 1):
        at = data.index(b"PK\1\2", at + 1)
    data[at + field : at + field + len(patch)] = patch
    _meet(bytes(data))
