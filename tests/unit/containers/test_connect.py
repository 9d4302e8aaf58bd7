"""Which addresses are tried, and what is said when none answers."""

from __future__ import annotations

import hashlib
import json
import socket
from typing import TYPE_CHECKING

import pytest

from packager.containers.connect import Address, addresses, why_unreachable
from packager.containers.docker_engine import connect
from packager.containers.faults import no_engine, too_old
from packager.core.errors import DockerFault

if TYPE_CHECKING:
    from pathlib import Path


def _context(home: Path, name: str, host: str, *, current: bool = True, tls: bool = False) -> None:
    folder = hashlib.sha256(name.encode()).hexdigest()
    config = home / ".docker"
    meta = config / "contexts/meta" / folder
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    if tls:
        (config / "contexts/tls" / folder / "docker").mkdir(parents=True)
    if current:
        (config / "config.json").write_text(json.dumps({"currentContext": name}))


def test_docker_host_is_the_only_address_tried(tmp_path: Path) -> None:
    _context(tmp_path, "colima", "unix:///colima.sock")

    assert addresses({"DOCKER_HOST": "tcp://h:2375"}, tmp_path) == (Address("tcp://h:2375", "DOCKER_HOST"),)


def test_docker_host_with_tls(tmp_path: Path) -> None:
    found = addresses({"DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}, tmp_path)

    assert [str(address.tls) for address in found] == ["/certs"]


def test_the_current_context_comes_before_the_well_known_sockets(tmp_path: Path) -> None:
    _context(tmp_path, "colima", "unix:///colima.sock", tls=True)

    found = addresses({"XDG_RUNTIME_DIR": "/run/user/7"}, tmp_path)

    assert (found[0].url, found[0].origin) == ("unix:///colima.sock", "docker context colima")
    assert found[0].tls is not None
    assert [address.url for address in found[1:3]] == ["unix:///var/run/docker.sock", "unix:///run/user/7/docker.sock"]
    assert "unix:///run/user/7/podman/podman.sock" in [address.url for address in found]


def test_a_context_at_the_default_socket_is_tried_once(tmp_path: Path) -> None:
    _context(tmp_path, "mine", "unix:///var/run/docker.sock")

    assert [address.url for address in addresses({}, tmp_path)].count("unix:///var/run/docker.sock") == 1


def test_docker_context_overrides_the_current_one(tmp_path: Path) -> None:
    _context(tmp_path, "colima", "unix:///colima.sock")
    _context(tmp_path, "far", "ssh://me@far", current=False)

    assert [address.url for address in addresses({"DOCKER_CONTEXT": "far"}, tmp_path)] == ["ssh://me@far"]
    assert addresses({"DOCKER_CONTEXT": "default"}, tmp_path)[0].url == "unix:///var/run/docker.sock"


def test_a_context_without_files_says_so(tmp_path: Path) -> None:
    (address,) = addresses({"DOCKER_CONTEXT": "gone"}, tmp_path)

    assert "cannot be read" in why_unreachable(address)


@pytest.mark.parametrize("text", ["", "[]", "{nonsense", '{"currentContext": 7}'])
def test_a_foreign_config_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(text)

    assert addresses({}, tmp_path)[0].url == "unix:///var/run/docker.sock"


def test_an_absent_socket(tmp_path: Path) -> None:
    assert why_unreachable(Address(f"unix://{tmp_path}/no.sock", "test")) == "does not exist"


def test_a_socket_nobody_listens_on(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "s"))

    assert why_unreachable(Address(f"unix://{tmp_path}/s", "test")) == "nothing listens there"


def test_a_socket_somebody_listens_on(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()

        assert why_unreachable(Address(f"unix://{tmp_path}/s", "test")) == ""


@pytest.mark.parametrize("url", ["", "docker.sock", "fd://", "tcp://"])
def test_not_an_address(url: str) -> None:
    assert "not an address" in why_unreachable(Address(url, "DOCKER_HOST"))


def test_no_engine_names_what_was_tried_and_why(tmp_path: Path) -> None:
    with pytest.raises(DockerFault) as caught:
        connect({"DOCKER_HOST": f"unix://{tmp_path}/no.sock"}, tmp_path)

    assert f"unix://{tmp_path}/no.sock (DOCKER_HOST): does not exist" in str(caught.value)
    assert "\n" not in caught.value.message  # one address fits into the line
    assert "--builder local" in caught.value.fix
    assert caught.value.exit_code == 4


def test_something_that_is_no_engine(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        listening.settimeout(10)
        import threading

        def hang_up() -> None:
            for _ in range(2):  # the probe, then the client
                listening.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(DockerFault, match="no Docker engine answers"):
            connect({"DOCKER_HOST": f"unix://{tmp_path}/s"}, tmp_path)
        thread.join()


def test_permission_denied_brings_the_group() -> None:
    fault = no_engine(
        [(Address("unix:///var/run/docker.sock", "x"), "permission denied"), (Address("y", "y"), "absent")]
    )

    assert 'group "docker"' in fault.fix
    assert fault.reason == "no Docker engine answers: permission denied at unix:///var/run/docker.sock"


def test_the_reason_is_one_line_however_many_addresses_were_tried() -> None:
    fault = no_engine([(Address(f"unix:///{number}", "a socket"), "absent") for number in range(9)])

    assert len(fault.message.splitlines()) == 10
    assert fault.reason == "no Docker engine answers"


@pytest.mark.parametrize(
    ("api", "usable"), [("1.39", False), ("1.40", True), ("1.41", True), ("2.0", True), ("x", False)]
)
def test_too_old(api: str, usable: bool) -> None:
    assert (too_old("18.09.1", api) == "") is usable


def test_too_old_names_both_versions() -> None:
    assert too_old("18.09.1", "1.39") == "too old: API 1.40 (Docker 19.03) is needed, Docker 18.09.1 has 1.39"
