"""``packager cache``: what is counted and what goes, least recently used first, and never anything else."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from packager.cli import run
from packager.core import pruning
from packager.core.cache_dir import Item
from tests.support.documents import check
from tests.support.trees import snapshot, write_tree

DAY = 86_400
HEX = "0123456789abcdef"
HELD = {
    f"archive/members/codec-level-6/{HEX}.pack": (100, 3),
    f"archive/members/codec-level-6/{HEX[::-1]}.pack": (50, 40),
    f"archive/records/out.zip-{HEX[:8]}": (10, 2),
    f"proofs/{HEX * 4}.json": (5, 50),
    f"engines/prisma/master/{HEX * 2}/rhel/engine": (1000, 20),
    "node/22.1.0-linux-x64-npm10/bin/node": (2000, 10),
    "node/22-linux-x64-npm10.asked": (1, 10),
    "tools/nft-1-linux-x86_64-glibc/package.json": (7, 60),
    f"bytecode/3.12.1-0/{HEX * 4}": (30, 35),
}
"""Path → size, days since it was used."""
OTHERS = {"notes.txt": "mine", "node/app/index.js": "mine", "tools/hammer": "mine", "proofs/theorem.tex": "mine"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write_tree(tmp_path / "cache", {**{path: "x" * size for path, (size, _) in HELD.items()}, **OTHERS})
    for path, (_, days) in HELD.items():
        place = made / path
        while place != made:
            os.utime(place, (time.time() - days * DAY,) * 2)
            place = place.parent
    return made


def _asked(words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert run(["cache", *words, "--cache", str(folder), "--json"]) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    check(f"cache {words[0]}", document)
    return document


def _left(folder: Path) -> set[str]:
    left = set(snapshot(folder))
    assert set(OTHERS) <= left
    return left - set(OTHERS)


def test_info_counts_what_is_ours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = _asked(["info"], folder, capsys)
    assert isinstance(document["rooms"], list)
    items = {room["name"]: room["items"] for room in document["rooms"]}

    rooms = {"archive/members": 2, "archive/records": 1, "trees": 0, "engines": 1, "node": 2, "tools": 1, "proofs": 1}
    assert items == {**rooms, "verdicts": 0, "bytecode": 1}
    assert isinstance(document["size_bytes"], int)
    files = sum(size for size, _ in HELD.values())
    # Folders have a size of their own, which the file system chooses.
    assert files <= document["size_bytes"] < files + 100_000


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        (["--all"], set(HELD)),
        ([], {path for path, (_, days) in HELD.items() if days > 30}),
        (["--older-than", "15d"], {path for path, (_, days) in HELD.items() if days > 15}),
        (["--older-than", "8w"], {path for path, (_, days) in HELD.items() if days > 56}),
        (["--older-than", "240h", "--max-size", "0"], set(HELD)),
        (["--older-than", "9999"], set()),
        (["--max-size", "1gb"], set()),
    ],
)
def test_prune_removes_what_is_asked(
    folder: Path, words: list[str], gone: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    dry = _asked(["prune", *words, "--dry-run"], folder, capsys)
    assert _left(folder) == set(HELD)
    document = _asked(["prune", *words], folder, capsys)

    assert _left(folder) == set(HELD) - gone
    assert (document["items"], document["freed_bytes"]) == (dry["items"], dry["freed_bytes"])
    assert _asked(["info"], folder, capsys)["size_bytes"] == document["left_bytes"]


def test_the_least_recently_used_goes_first() -> None:
    items = [Item("proofs", Path(str(number)), 10, float(number)) for number in (3, 1, 2)]

    assert [item.used for item in pruning.choose(items, now=9.0, max_bytes=15)] == [1.0, 2.0]
    assert [item.used for item in pruning.choose(items, now=9.0, max_bytes=30)] == []


def test_links_are_not_followed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tree(tmp_path / "elsewhere", {"keep": "me"})
    (folder / "node" / "20.1.0-linux-x64-npm10").symlink_to(tmp_path / "elsewhere")
    (folder / "node" / "22.1.0-linux-x64-npm10" / "link").symlink_to(tmp_path / "elsewhere")
    _asked(["prune", "--all"], folder, capsys)

    assert snapshot(tmp_path / "elsewhere") == {"keep": b"me"}


def test_what_a_killed_run_had_put_aside_goes_with_the_rest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    item = folder / "node" / "22.1.0-linux-x64-npm10"
    item.rename(item.with_name(f".{item.name}.0a1b2c3d.removed"))
    _asked(["prune", "--all"], folder, capsys)

    assert _left(folder) == set()


def test_what_cannot_be_removed_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(pruning, "remove_path", refuse)
    assert run(["cache", "prune", "--all", "--cache", str(folder)]) == 0
    out, err = capsys.readouterr()

    assert ": 0 items removed, 0 B; " in out
    assert err.count("cannot be removed: Permission denied") == len(HELD)


def test_there_need_be_no_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _asked(["info"], tmp_path / "none", capsys)["size_bytes"] == 0
    assert _asked(["prune", "--all"], tmp_path / "none", capsys)["items"] == 0
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("words", "said"), [(["--older-than", "soon"], "30d, 12h or 2w"), (["--max-size", "big"], "25mb")]
)
def test_misprints_are_usage_errors(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cache", "prune", *words]) == 2
    assert said in capsys.readouterr().err


def test_an_archive_can_be_packed_again_after_everything_went(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the engine itself leaves is what is found here."""
    write_tree(tmp_path / "in", {"a.js": "a" * 999})
    words = ["pack", str(tmp_path / "in"), "-o", str(tmp_path / "out.zip"), "--cache", str(tmp_path / "cache")]
    assert run(words) == 0
    before = (tmp_path / "out.zip").read_bytes()
    capsys.readouterr()
    assert _asked(["prune", "--all"], tmp_path / "cache", capsys)["items"] == 2
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.name != "lock"] == []
    assert run(words) == 0

    assert (tmp_path / "out.zip").read_bytes() == before
