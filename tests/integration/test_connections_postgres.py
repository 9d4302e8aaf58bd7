"""Frozen containers, the guard layer and the reaper against a real PostgreSQL: what the database counts."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from packager.connections.postgres import held_connections, max_connections
from packager.connections.simulate import DRIVER, answer, container, simulate, tell
from packager.core.resources import bundled
from packager.prove.request import ProofRequest
from tests.support.cli import SAMPLES, packager
from tests.support.postgres import cluster, programs
from tests.support.proving import make_zip, needs_node, node_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.connections.simulate import Process

pytestmark = [
    pytest.mark.network,
    needs_node,
    pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed: apt-get install postgresql"),
]

GUARD = bundled("lambda_layers") / "connection-guard" / "guard"
TWELVE = "Promise.all([...Array(12)].map(() => db.query('SELECT pg_sleep(0.05)')))"
PLAIN = f"""
const {{ Pool }} = require('pg');
const db = new Pool({{ connectionString: process.env.DATABASE_URL, max: 5 }});
exports.handler = async () => {{ await {TWELVE} }};
"""
GUARDED = f"""
const {{ Pool }} = require('pg');
const {{ getClient }} = require('connection-guard');
const client = getClient((settings) => new Pool({{ connectionString: process.env.DATABASE_URL, ...settings }}));
exports.handler = async () => {{ const db = await client(); await {TWELVE} }};
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    # Not beneath pytest's own folder: the next run of pytest closes that to the user postgres, in the midst of ours.
    with tempfile.TemporaryDirectory(prefix="packager-pg-") as folder, cluster(Path(folder) / "cluster") as address:
        yield address


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a node_modules with pg as the sample locks it, and the guard."""
    folder = tmp_path_factory.mktemp("pg")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SAMPLES / "connection-reaper" / name, folder)
    npm = shutil.which("npm") or "npm"
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit"], cwd=folder, check=True, capture_output=True)
    shutil.copytree(GUARD, folder / "node_modules" / "connection-guard")
    return folder / "node_modules"


def zipped(folder: Path, source: str, modules: Path) -> Path:
    files: dict[str, str | bytes] = {"index.js": source}
    for path in modules.rglob("*"):
        if path.is_file():
            files[f"node_modules/{path.relative_to(modules).as_posix()}"] = path.read_bytes()
    return make_zip(folder / "api.zip", files)


@pytest.mark.parametrize(("source", "connections"), [(PLAIN, 20), (GUARDED, 4)], ids=["pool of 5", "guard"])
def test_four_containers_hold_n_times_c(tmp_path: Path, url: str, modules: Path, source: str, connections: int) -> None:
    counted = simulate(
        zipped(tmp_path, source, modules),
        [],
        ProofRequest("index.handler", node_target(), {"DATABASE_URL": url}, event={}, timeout_seconds=60),
        url=url,
        containers=4,
        cache=tmp_path,
    )
    assert counted.failures == ()
    assert (counted.called, counted.frozen, counted.thawed) == (connections, connections, connections)
    assert counted.ended == 0


def test_the_command_asks_the_server_and_counts(tmp_path: Path, url: str, modules: Path) -> None:
    project = tmp_path / "app"
    project.mkdir()
    (project / "package.json").write_text('{"dependencies": {"pg": "8.16.3"}}')
    (project / "index.js").write_text(PLAIN)
    artifact = zipped(tmp_path, PLAIN, modules)
    runtime = node_target().runtime
    arguments = ("connections", project, "--url", url, "--concurrency", "20", "--handler", "index.handler", "--json")
    ran = packager(*arguments, "--simulate", artifact, "--containers", "2", "--runtime", runtime)
    assert ran.code == 1, ran.stderr
    document = ran.json()
    assert document["available"] == max_connections(url) == 57
    assert (document["pool"]["size"], document["connections"]) == (5, 100)
    assert [finding["code"] for finding in document["findings"]] == ["CON001"]
    assert "reserve a concurrency of 11" in document["findings"][0]["fix"]
    assert (document["simulated"]["called"], document["simulated"]["ended"]) == (10, 0)


class Bench:
    """Containers with the guard, and the sample's reaper, all on one database."""

    def __init__(self, folder: Path, modules: Path, url: str) -> None:
        self.folder, self.url = folder, url
        (folder / "node_modules").symlink_to(modules)
        shutil.copy(SAMPLES / "connection-reaper" / "src" / "handler.js", folder / "reaper.js")
        self.stack = ExitStack()

    def start(self, source: str, event: object = None) -> Process:
        path = self.folder / f"{abs(hash(source))}.js"
        path.write_text(source)
        return self.run(path, event)

    def run(self, path: Path, event: object) -> Process:
        node = shutil.which("node") or "node"
        argv = [node, "--preserve-symlinks", "--preserve-symlinks-main", str(DRIVER), str(path), "handler"]
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": self.url}
        return self.stack.enter_context(container([*argv, json.dumps(event)], self.folder, environment))

    def reap(self, **event: object) -> dict[str, object]:
        """Call the reaper once and return its answer."""
        script = (
            "require('./reaper.js').handler(JSON.parse(process.argv[1]))"
            ".then((answer) => process.stdout.write('\\n' + JSON.stringify(answer)))"
        )
        node = shutil.which("node") or "node"
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": self.url}
        argv = [node, "-e", script, json.dumps(event)]
        ran = subprocess.run(argv, cwd=self.folder, env=environment, capture_output=True, text=True, check=True)
        metrics, _, found = ran.stdout.strip().splitlines()
        assert json.loads(metrics)["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "connection-reaper"
        answered: dict[str, object] = json.loads(found)
        return answered


@pytest.fixture
def bench(tmp_path: Path, modules: Path, url: str) -> Iterator[Bench]:
    made = Bench(tmp_path, modules, url)
    with made.stack:
        yield made


def guarded(body: str, options: str = "{ checkAfterSeconds: 0.1 }") -> str:
    return f"""
const {{ Pool }} = require('pg');
const {{ getClient }} = require('connection-guard');
let made = 0, calls = 0;
const client = getClient((settings) => {{
  made += 1;
  return new Pool({{ connectionString: process.env.DATABASE_URL, ...settings }});
}}, {options});
exports.handler = async () => {{ const db = await client(); calls += 1; {body} }};
"""


def call(process: Process) -> str:
    tell(process)
    return answer(process, 60)


def test_a_session_ended_while_frozen_is_made_anew_and_no_query_is_lost(bench: Bench, url: str) -> None:
    before = held_connections(url)
    process = bench.start(guarded("await db.query('SELECT 1')"))
    assert call(process) == ""
    process.send_signal(signal.SIGSTOP)
    time.sleep(1.2)
    dry = bench.reap(idleSeconds=1)
    assert (dry["zombies"], dry["ended"]) == (1, 0)
    assert held_connections(url) == before + 1, "a dry run ends nothing"
    assert bench.reap(idleSeconds=1, dryRun=False)["ended"] == 1
    assert held_connections(url) == before
    process.send_signal(signal.SIGCONT)
    assert call(process) == ""
    assert held_connections(url) == before + 1


def test_without_the_guard_the_same_end_breaks_the_next_call(bench: Bench) -> None:
    process = bench.start(PLAIN.replace("max: 5", "max: 5, application_name: 'guard:none'"))
    assert call(process) == ""
    process.send_signal(signal.SIGSTOP)
    time.sleep(1.2)
    assert bench.reap(idleSeconds=1, dryRun=False)["ended"] == 5
    process.send_signal(signal.SIGCONT)
    assert call(process) != ""


def test_sigterm_closes_the_session_in_order(bench: Bench, url: str) -> None:
    before = held_connections(url)
    process = bench.start(guarded("await db.query('SELECT 1')"))
    assert call(process) == ""
    assert held_connections(url) == before + 1
    process.terminate()
    assert process.wait(10) == 0
    assert held_connections(url) == before


def test_the_reaper_leaves_others_and_transactions_alone(bench: Bench, url: str) -> None:
    stranger = bench.start(PLAIN)
    busy = bench.start(guarded("const one = await db.connect(); await one.query('BEGIN'); await one.query('SELECT 1')"))
    assert (call(stranger), call(busy)) == ("", "")
    time.sleep(1.2)
    answered = bench.reap(idleSeconds=1, dryRun=False)
    assert (answered["zombies"], answered["ended"]) == (0, 0)


def test_a_thousand_mixed_calls_lose_nothing_while_zombies_are_reaped(bench: Bench, url: str) -> None:
    before = held_connections(url)
    mixed = guarded("await db.query(['SELECT 1', 'SELECT pg_sleep(0.03)', 'SELECT count(*) FROM pg_class'][calls % 3])")
    zombies = [bench.start(mixed) for _ in range(3)]
    living = [bench.start(mixed) for _ in range(4)]
    for zombie in zombies:
        assert call(zombie) == ""
        zombie.send_signal(signal.SIGSTOP)
    assert held_connections(url) - before == 3
    over = threading.Event()
    ended: list[int] = []

    def reap() -> None:
        while not over.is_set():
            ended.append(int(str(bench.reap(idleSeconds=1, dryRun=False)["ended"])))
            over.wait(0.2)

    failures: list[str] = []

    def use(process: Process, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(250):
            if chance.random() < 0.02:  # frozen long enough to be taken for dead
                process.send_signal(signal.SIGSTOP)
                time.sleep(1.5)
                process.send_signal(signal.SIGCONT)
            failures.extend(word for word in [call(process)] if word)

    reaper = threading.Thread(target=reap)
    users = [threading.Thread(target=use, args=(process, seed)) for seed, process in enumerate(living)]
    for thread in (reaper, *users):
        thread.start()
    for thread in users:
        thread.join()
    over.set()
    reaper.join()
    assert failures == []
    assert sum(ended) > 3, "the zombies, and some who only slept"
    for process in living:
        process.kill()
        process.wait()
    assert bench.reap(idleSeconds=1, dryRun=False)["zombies"] == 0
    assert held_connections(url) == before, "three zombies, still frozen, hold nothing any more"
