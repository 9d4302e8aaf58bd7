"""Options and switches every test layer shares."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

DOCKER_HINT = "needs a Docker engine and the images of .ci/docker-up; run with --run-docker"
SLOW_HINT = "costs more than a second of CPU; run with --run-slow, or by ./run test without a path"
NETWORK_HINT = "needs the npm registry and PyPI; run with --run-network"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the switches for the slow layers."""
    parser.addoption("--run-docker", action="store_true", help="run tests that need a real Docker engine")
    parser.addoption("--run-network", action="store_true", help="run tests that need npm or PyPI")
    parser.addoption("--run-slow", action="store_true", help="run the unit tests that cost much CPU, too")
    parser.addoption("--run-heavy", action="store_true", help="run the matrices that take many minutes")
    parser.addoption("--update-golden", action="store_true", help="rewrite the files of tests/golden")


def pytest_configure() -> None:
    """Let Ctrl-C be Ctrl-C, also for the programs that tests start: shells switch it off for what runs behind ``&``."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what stays to the end: thousands of tests and the modules they are in."""
    gc.collect()
    gc.freeze()


def _docker_answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    return subprocess.run([docker, "version"], capture_output=True, timeout=30, check=False).returncode == 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what was not asked for; where CI requires Docker, its absence is a failure and not a skip."""
    run_docker, run_network = config.getoption("--run-docker"), config.getoption("--run-network")
    required = os.environ.get("PACKAGER_REQUIRE_DOCKER") == "1"
    docker_there = not run_docker or _docker_answers()
    if required and not (run_docker and docker_there):
        pytest.exit("PACKAGER_REQUIRE_DOCKER=1, but no Docker engine answers or --run-docker is missing", 4)
    for item in items:
        if item.get_closest_marker("docker") and not (run_docker and docker_there):
            item.add_marker(pytest.mark.skip(reason=DOCKER_HINT))
        if item.get_closest_marker("slow") and not config.getoption("--run-slow"):
            item.add_marker(pytest.mark.skip(reason=SLOW_HINT))
        if item.get_closest_marker("heavy") and not config.getoption("--run-heavy"):
            item.add_marker(pytest.mark.skip(reason="takes many minutes; run with --run-heavy"))
        if item.get_closest_marker("network") and not run_network:
            item.add_marker(pytest.mark.skip(reason=NETWORK_HINT))


@pytest.fixture(autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests out of the user's cache; network tests share one folder, so that each Node comes once."""
    if "PACKAGER_TEST_CACHE" not in os.environ:
        os.environ["PACKAGER_TEST_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    monkeypatch.setenv("PACKAGER_CACHE", os.environ["PACKAGER_TEST_CACHE"])


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Return the comparer for tests/golden."""
    return Golden(request.config.rootpath / "tests" / "golden", bool(request.config.getoption("--update-golden")))


class Golden:
    """Compares a text with a file of tests/golden, or rewrites it with --update-golden."""

    def __init__(self, folder: Path, update: bool) -> None:
        self.folder = folder
        self.update = update

    def check(self, name: str, text: str) -> None:
        """Fail unless the file holds exactly this text."""
        path = self.folder / name
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if not path.exists():
            pytest.fail(f"{path} does not exist: look at the text, then run with --update-golden\n{text}")
        assert text == path.read_text(encoding="utf-8")
