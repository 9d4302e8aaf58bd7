"""N × C, pools of projects, and what is seen in handlers: the static half of ``packager connections``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from packager.catalog.finding_codes.registry import CODES
from packager.connections.advise import advise
from packager.connections.clients import DRIVERS, find_pool
from packager.connections.postgres import settings
from packager.connections.source import ConnectionUse, blanked, look, runs_in_parallel
from packager.connections.usage import Pool, Usage, affordable_containers
from packager.core.errors import ConfigError, UsageError
from tests.support.cli import packager

if TYPE_CHECKING:
    from pathlib import Path

PG = Pool("pg", 5, "src/db.js:3", "new Pool({{ max: {size} }})")


def project(folder: Path, dependencies: dict[str, str]) -> Path:
    (folder / "package.json").write_text(json.dumps({"dependencies": dependencies}))
    return folder


@pytest.mark.parametrize(
    ("url", "size", "origin"),
    [
        ("", 5, "default of Prisma up to 6"),
        ("postgresql://db/app?connection_limit=3", 3, "connection_limit in the URL"),
        ("postgresql://db/app?connection_limit=0", 5, "default"),
        ("postgresql://db/app?schema=public&connection_limit=1", 1, "connection_limit in the URL"),
    ],
)
def test_prisma_up_to_6_opens_five_unless_the_url_says_otherwise(
    tmp_path: Path, url: str, size: int, origin: str
) -> None:
    pool = find_pool(project(tmp_path, {"@prisma/client": "^6.19.0"}), url)
    assert pool is not None
    assert pool.size == size
    assert origin in pool.origin


def test_prisma_7_opens_what_its_driver_does_and_the_url_says_nothing(tmp_path: Path) -> None:
    project(tmp_path, {"@prisma/client": "7.1.0", "@prisma/adapter-pg": "7.1.0"})
    pool = find_pool(tmp_path, "postgresql://db/app?connection_limit=1")
    assert pool is not None
    assert (pool.client, pool.size) == ("pg", 10)


def test_the_size_in_the_source_beats_the_default(tmp_path: Path) -> None:
    sources = {"src/db.js": "const { Pool } = require('pg')\n\nexports.db = new Pool({ max: 3 })"}
    pool = find_pool(project(tmp_path, {"pg": "8.0.0"}), "", sources)
    assert pool is not None
    assert (pool.size, pool.origin) == (3, "src/db.js:3")


def test_python_projects_and_strangers(tmp_path: Path) -> None:
    assert find_pool(tmp_path) is None
    (tmp_path / "requirements.txt").write_text("flask==3\npsycopg[binary]>=3 ; python_version > '3.8'\n")
    pool = find_pool(tmp_path)
    assert pool is not None
    assert (pool.client, pool.size) == ("psycopg", 1)
    (tmp_path / "package.json").write_text("{")
    with pytest.raises(ConfigError):
        find_pool(tmp_path)


def test_every_drivers_setting_can_be_written() -> None:
    for driver in DRIVERS.values():
        text = driver.setting.format(size=7)
        assert "{size}" not in text
        assert "7" in text or text == "one connection"


@pytest.mark.parametrize(
    ("usage", "available", "codes", "words"),
    [
        (
            Usage(PG, 20),
            57,
            ["CON001"],
            "concurrency of 11; or set new Pool({ max: 1 }) and reserve at most 20",
        ),
        (Usage(PG, 11), 57, [], ""),
        (Usage(PG, 11, functions=2), 57, ["CON001"], "reserve a concurrency of 5;"),
        (Usage(PG, 1000), 3, ["CON001"], "set new Pool({ max: 1 }) and reserve at most 3"),
        (Usage(PG, 1000), None, [], ""),
    ],
)
def test_n_times_c_is_weighed_and_the_fix_is_exact(
    usage: Usage, available: int | None, codes: list[str], words: str
) -> None:
    parallel = {"a.js": "await Promise.all(queries)"}
    findings = advise(usage, available, parallel, {}, limited=True)
    assert [finding.code for finding in findings] == codes
    assert words in "".join(finding.fix for finding in findings)
    assert affordable_containers(usage, 57) * usage.pool.size * usage.functions <= 57


def test_the_other_findings_each_have_a_fix() -> None:
    idle = Pool("postgres", 10, "default", "max: {size}", "idle_timeout: 10")
    findings = advise(Usage(idle, 1000), 10, {}, {}, limited=False)
    assert [finding.code for finding in findings] == ["CON001", "CON006", "CON004", "CON005"]
    assert all(finding.fix and finding.code in CODES for finding in findings)


HANDLERS: dict[str, tuple[str, str, list[ConnectionUse]]] = {
    "made outside": ("a.js", "const db = new Pool()\nexports.handler = async () => db.query('x')", []),
    "made inside": (
        "a.js",
        "exports.handler = async (event) => {\n  const db = new PrismaClient()\n  return db\n}",
        [ConnectionUse("made", "PrismaClient", 2)],
    ),
    "made inside, ES module": (
        "a.mjs",
        "export const handler = async ({ body }) => {\n\n  const pool = mysql.createPool({})\n}",
        [ConnectionUse("made", "createPool", 3)],
    ),
    "made inside, function": (
        "a.ts",
        "export async function handler(event: {a: 1}) {\n  const c = new Client()\n  await c.end()\n}",
        [ConnectionUse("made", "Client", 2), ConnectionUse("ended", "end", 3)],
    ),
    "disconnected": (
        "a.js",
        "const prisma = new PrismaClient()\nexports.handler = async () => {\n  await prisma.$disconnect()\n}",
        [ConnectionUse("ended", "$disconnect", 3)],
    ),
    "a stream's end is none of ours": (
        "a.js",
        "const db = new Pool()\nexports.handler = async (e, stream) => { stream.end() }",
        [],
    ),
    "a comment and a string": (
        "a.js",
        "exports.handler = async () => {\n // new Pool()\n return 'new Pool()' + `new Client(`\n}",
        [],
    ),
    "another function": (
        "a.js",
        "exports.handler = async () => { return 1 }\nfunction test() { return new Pool() }",
        [],
    ),
    "no such handler": ("a.js", "exports.main = () => new Pool()", []),
    "Python inside": (
        "a.py",
        "def handler(event, context):\n    with psycopg.connect() as db:\n        pass\n    db.close()\n",
        [ConnectionUse("made", "connect", 2), ConnectionUse("ended", "close", 4)],
    ),
    "Python outside": (
        "a.py",
        "db = psycopg.connect()\ndef handler(event, context):\n    open('x').close()\n",
        [],
    ),
    "not Python at all": ("a.py", "def handler(", []),
    "Python with an escape that newer ones warn of": (
        "a.py",
        "def handler(event, context):\n    return psycopg.connect('\\d')\n",
        [ConnectionUse("made", "connect", 2)],
    ),
    "a null byte": ("a.py", "def handler():\n    psycopg.connect()\0\n", []),
    "more than the parser's stack holds": ("a.py", f"{'-' * 100_000}1", []),
    "deeper than Python recurses": ("a.py", f"1{'+1' * 20_000}", []),
}


@pytest.mark.parametrize("name", HANDLERS)
def test_what_is_seen_in_a_handler(name: str) -> None:
    path, text, seen = HANDLERS[name]
    assert list(look(path, text, "handler")) == seen


def test_blanking_keeps_every_line_and_column() -> None:
    text = "a /* b\nc */ 'd\\'e' `f\n${g}` // h\ni"
    assert len(blanked(text)) == len(text)
    assert blanked(text).count("\n") == text.count("\n")
    assert runs_in_parallel("await Promise.all([a(), b()])")
    assert not runs_in_parallel("await a()")


def test_a_url_becomes_variables_and_no_argument() -> None:
    found = settings("postgresql://me:p%40ss@db.example.com/app")
    assert (found["PGUSER"], found["PGPASSWORD"], found["PGPORT"]) == ("me", "p@ss", "5432")
    with pytest.raises(UsageError, match="--max-connections"):
        settings("mysql://db/app")


def test_the_command_says_it_all_without_a_database(tmp_path: Path) -> None:
    project(tmp_path, {"@prisma/client": "6.0.0"})
    (tmp_path / "index.js").write_text("exports.handler = async () => {\n  const prisma = new PrismaClient()\n}")
    ran = packager("connections", tmp_path, "--max-connections", "97", "--json")
    assert ran.code == 1
    document = ran.json()
    assert (document["connections"], document["available"]) == (5000, 97)
    assert [finding["code"] for finding in document["findings"]] == ["CON001", "CON006", "CON002", "CON005"]
    assert document["findings"][2]["subject"] == "index.js:2"
    fine = packager("connections", tmp_path, "--max-connections", "97", "--concurrency", "9", "--pool", "1")
    assert fine.code == 0
    assert "1 per container (--pool) * 9 containers = 9 connections of 97" in fine.stdout
