"""The limit of a real MariaDB, asked as `packager connections` does."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from packager.connections.mysql import command, held_connections, max_connections
from packager.core.errors import ProviderFault
from tests.support.cli import packager
from tests.support.mariadb import installed, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not installed(), reason="needs Debian's mariadb-server and mariadb-client")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server(tmp_path_factory.mktemp("mariadb") / "server", 60) as found:
        yield found


def test_limit_and_holders_are_the_servers(url: str) -> None:
    assert max_connections(url) == 60
    assert held_connections(url) == 0
    argv, secret = command("mariadb", url, "SELECT sleep(5)")
    with subprocess.Popen(argv, env={"PATH": "/usr/bin:/bin", **secret}, stdout=subprocess.DEVNULL) as sleeper:
        for _ in range(50):
            if held_connections(url) == 1:
                break
        assert held_connections(url) == 1
        sleeper.kill()


def test_a_wrong_password_is_the_databases_word_and_shown_nowhere(url: str) -> None:
    with pytest.raises(ProviderFault, match="Access denied") as caught:
        max_connections(url.replace("p%40ss", "wr0ng"))
    assert "wr0ng" not in str(caught.value)


def test_the_command_weighs_the_configured_concurrency_against_it(url: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"mysql2": "3.0.0"}}))
    (tmp_path / "serverless.yml").write_text(
        "service: shop\nprovider: {name: aws}\nfunctions:\n"
        "  api: {handler: src/api.handler, reservedConcurrency: 4}\n"
        "  jobs: {handler: src/jobs.handler, reservedConcurrency: 3}\n"
    )
    ran = packager("connections", tmp_path, "--url", url, "--json")
    document = ran.json()
    assert (document["containers"], document["connections"], document["available"]) == (7, 70, 60)
    assert [finding["code"] for finding in document["findings"] if finding["severity"] == "error"] == ["CON001"]
    assert ran.code == 1


def test_a_users_own_limit_counts(tmp_path: Path) -> None:
    with server(tmp_path / "server", 60, max_user_connections=12) as url:
        assert max_connections(url) == 12
