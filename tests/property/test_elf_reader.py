"""The ELF reader meets random and mutated bytes with `ArtifactError` and nothing else."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from packager.core.errors import ArtifactError
from packager.inventory.elf import read_elf
from tests.support.elfs import ElfSpec, write_elf

LIBRARY = write_elf(
    ElfSpec(
        interpreter="/lib64/ld-linux-x86-64.so.2",
        needed=("libc.so.6", "libstdc++.so.6"),
        versions={"libc.so.6": ("GLIBC_2.17", "GLIBC_2.34"), "libstdc++.so.6": ("GLIBCXX_3.4.21",)},
        defines=("VERS_1", "VERS_2"),
        runpath="$ORIGIN",
        build_id=b"\xca\xfe\x01\x02",
        isa_needed=4,
        symtab=48,
    )
)
INTERESTING = [byte for byte in range(len(LIBRARY)) if LIBRARY[byte] or byte < 1600]
WORDS = st.sampled_from(
    [0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1]
)


QUIETLY = settings(deadline=None)
"""A busy machine is not a failure."""


class CountingStream(io.BytesIO):
    """Counts the bytes handed out, so that reading too much shows."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def read_or_refuse(data: bytes) -> None:
    stream = CountingStream(data)
    try:
        read_elf(stream)
    except ArtifactError as error:
        assert str(error)
    assert stream.taken < 500 * (len(data) + 1000)


@QUIETLY
@given(st.binary(max_size=400), st.sampled_from([b"", b"\x7fELF", LIBRARY[:16], LIBRARY[:64]]))
def test_random_bytes(tail: bytes, head: bytes) -> None:
    read_or_refuse(head + tail)


@QUIETLY
@given(st.lists(st.tuples(st.sampled_from(INTERESTING), st.integers(0, 255)), min_size=1, max_size=8))
def test_mutated_bytes(changes: list[tuple[int, int]]) -> None:
    data = bytearray(LIBRARY)
    for position, byte in changes:
        data[position] = byte
    read_or_refuse(bytes(data))


@QUIETLY
@given(st.integers(0, 1600), WORDS, st.sampled_from([2, 4, 8]))
def test_extreme_numbers(position: int, value: int, width: int) -> None:
    data = bytearray(LIBRARY)
    data[position : position + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    read_or_refuse(bytes(data))


@QUIETLY
@given(st.integers(0, len(LIBRARY)))
def test_every_cut(length: int) -> None:
    read_or_refuse(LIBRARY[:length])
