"""A real engine: commands, streams, limits, removal. Images are those of .ci/docker-up."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import docker
import pytest

from packager.containers.docker_engine import DockerEngine, connect
from packager.containers.tarballs import tar_stream
from packager.core.errors import DockerFault
from packager.core.resources import bundled
from packager.model.containers import BuildArguments, Command, ContainerLimits, Image, ReadOnlyTree, Volume

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.containers.docker_container import DockerContainer

pytestmark = pytest.mark.docker

DEBIAN = "packager-test/debian:bookworm"
ROOT = PurePosixPath("/")


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    with connect(os.environ, Path.home()) as found:
        yield found


@pytest.fixture(scope="module")
def debian(engine: DockerEngine) -> Image:
    image = engine.find_image(DEBIAN, "x86_64")
    assert image is not None, "run .ci/docker-up bookworm"
    return image


@pytest.fixture
def container(engine: DockerEngine, debian: Image) -> Iterator[DockerContainer]:
    with engine.start(debian) as started:
        yield started


def sh(script: str, timeout_seconds: float | None = 60, **environment: str) -> Command:
    return Command(("sh", "-c", script), ROOT, tuple(environment.items()), timeout_seconds)


def names(kind: str) -> set[str]:
    """Return the names of all containers or volumes on the engine, asked without our own code."""
    client = docker.from_env()
    try:
        if kind == "volumes":
            return {str(volume.name) for volume in client.volumes.list()}
        return {str(container.name) for container in client.containers.list(all=True)}
    finally:
        client.close()


def test_output_and_exit_code(container: DockerContainer) -> None:
    lines: list[str] = []

    outcome = container.run(sh("echo out; echo err >&2; printf 'no end'; exit 7"), lines.append)

    assert outcome.exit_code == 7
    assert sorted(lines) == ["err", "no end", "out"]
    assert sorted(outcome.output.splitlines()) == sorted(lines)


def test_lines_arrive_while_the_command_runs(container: DockerContainer) -> None:
    """The command waits for a file that only the sight of its first line brings."""
    answered = threading.Event()

    def answer(line: str) -> None:
        if not answered.is_set():
            answered.set()
            container.copy_in(tar_stream([("go", b"")]), PurePosixPath("/answer"))

    outcome = container.run(sh("echo ready; until [ -e /answer/go ]; do sleep 0.1; done; echo done"), answer)

    assert outcome.output == "ready\ndone"


def test_environment_workdir_and_secrets(container: DockerContainer) -> None:
    environment = (("A", "é b"), ("DEPLOY_TOKEN", "s3same"))
    command = Command(("sh", "-c", 'pwd; echo "$A $DEPLOY_TOKEN"'), PurePosixPath("/usr/bin"), environment)

    assert container.run(command).output == "/usr/bin\né b ***"


def test_a_missing_program_is_an_outcome(container: DockerContainer) -> None:
    outcome = container.run(Command(("no-such-program",), ROOT))

    assert outcome.exit_code in (126, 127)
    assert "no-such-program" in outcome.output


def test_a_command_over_its_time_is_stopped_with_all_it_started(engine: DockerEngine, debian: Image) -> None:
    with engine.start(debian) as container:
        outcome = container.run(sh("echo begun; sleep 600 & sleep 600", timeout_seconds=1))

        assert (outcome.timed_out, outcome.exit_code, outcome.output) == (True, 137, "begun")
        with pytest.raises(DockerFault, match="exceeded its time limit"):
            container.run(sh("true"))
    assert container.name not in names("containers")


def test_out_of_memory_is_told_from_failing(engine: DockerEngine, debian: Image) -> None:
    with engine.start(debian, limits=ContainerLimits(memory_bytes=64 << 20)) as container:
        killed = container.run(sh("head -c 300m /dev/zero | tail"))
        hidden = container.run(sh("head -c 300m /dev/zero | tail || exit 1"))
        failed = container.run(sh("exit 1"))

    assert (killed.exit_code, killed.out_of_memory) == (137, True)
    assert (hidden.exit_code, hidden.out_of_memory) == (1, True)
    assert (failed.exit_code, failed.out_of_memory) == (1, False)


def test_a_tree_goes_in_and_comes_out(container: DockerContainer, tmp_path: Path) -> None:
    entries = {"a/b c": b"1" * 100_000, "-é": b"", "bin/tool": b"#!/bin/sh\n"}
    container.copy_in(tar_stream(entries.items()), PurePosixPath("/new/folder"))
    container.run(sh("cd /new/folder && ln -s ../bin/tool a/link && chmod 4700 bin/tool && chown 1234 a"))

    container.copy_out(PurePosixPath("/new/folder"), tmp_path)

    assert {name: (tmp_path / name).read_bytes() for name in entries} == entries
    assert (tmp_path / "a/link").readlink() == Path("../bin/tool")
    assert {path.lstat().st_uid for path in tmp_path.rglob("*")} == {os.geteuid()}
    assert (tmp_path / "bin/tool").stat().st_mode & 0o7777 == 0o755


def test_folders_that_are_there_keep_their_mode(container: DockerContainer) -> None:
    container.copy_in(tar_stream([("x", b"")]), PurePosixPath("/tmp"))

    assert container.run(sh("stat -c %a /tmp")).output == "1777"


def test_a_missing_folder_is_named(container: DockerContainer, tmp_path: Path) -> None:
    with pytest.raises(DockerFault, match="no /nowhere"):
        container.copy_out(PurePosixPath("/nowhere"), tmp_path)


def test_the_sandbox_of_a_proof(engine: DockerEngine, debian: Image) -> None:
    limits = ContainerLimits(
        memory_bytes=128 << 20,
        pids=16,
        network=False,
        read_only=True,
        user="993",
        tmpfs=(("/tmp", "size=1m"),),
        drop_capabilities=True,
    )
    trees = [
        ReadOnlyTree(PurePosixPath("/opt"), tar_stream([("a", b"1"), ("b", b"1")])),
        ReadOnlyTree(PurePosixPath("/opt"), tar_stream([("b", b"2")])),
        ReadOnlyTree(PurePosixPath("/var/task"), io.BytesIO(b"".join(tar_stream([("index", b"i")])))),
    ]
    with engine.start(debian, limits=limits, trees=trees) as container:
        seen = container.run(sh("cat /opt/a /opt/b /var/task/index; echo; id -u; ls /sys/class/net")).output
        refused = [container.run(sh(f"echo x > {path}")).exit_code for path in ("/x", "/opt/x", "/var/task/x")]
        small = container.run(sh("echo x > /tmp/x && ! head -c 2m /dev/zero > /tmp/y")).exit_code
        forks = container.run(sh("for i in $(seq 40); do sleep 1 & done"))

    assert seen.splitlines() == ["12i", "993", "lo"]
    assert 0 not in refused
    assert small == 0
    assert forks.exit_code != 0
    assert [name for name in names("volumes") if name.startswith(container.name)] == []


def test_a_named_volume_outlives_its_container(engine: DockerEngine, debian: Image) -> None:
    volume = Volume(f"packager-test-{os.getpid()}", PurePosixPath("/var/cache/test"))
    try:
        with engine.start(debian, volumes=[volume]) as first:
            first.run(sh("echo kept > /var/cache/test/x"))
        with engine.start(debian, volumes=[volume]) as second:
            assert second.run(sh("cat /var/cache/test/x")).output == "kept"
    finally:
        client = docker.from_env()
        client.volumes.get(volume.name).remove()
        client.close()


def test_removed_after_an_error(engine: DockerEngine, debian: Image) -> None:
    with pytest.raises(ZeroDivisionError), engine.start(debian) as container:
        assert container.name in names("containers")
        raise ZeroDivisionError

    assert container.name not in names("containers")


def test_leaving_the_engine_removes_what_other_threads_run(debian: Image) -> None:
    started, ended = threading.Event(), threading.Event()
    seen: list[str] = []

    def work(engine: DockerEngine) -> None:
        try:
            with engine.start(debian) as container:
                seen.append(container.name)
                started.set()
                container.run(sh("sleep 600", timeout_seconds=None))
        except DockerFault:
            pass  # the container went away beneath it, which is the point
        finally:
            ended.set()

    with connect(os.environ, Path.home()) as engine:
        thread = threading.Thread(target=work, args=(engine,))
        thread.start()
        assert started.wait(60)
    assert ended.wait(60)
    thread.join()

    assert seen[0] not in names("containers")


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
def test_removed_when_interrupted(number: signal.Signals, exit_code: int) -> None:
    script = f"""
        import os
        from pathlib import Path, PurePosixPath
        from packager.model.containers import Command
        from packager.containers.docker_engine import connect
        engine = connect(os.environ, Path.home())
        with engine.start(engine.find_image({DEBIAN!r}, "x86_64")) as container:
            command = Command(("sh", "-c", "echo running; sleep 600"), PurePosixPath("/"))
            container.run(command, lambda line: print(container.name, flush=True))
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert name in names("containers")
        process.send_signal(number)
        assert process.wait(60) == exit_code

    assert name not in names("containers")


def test_a_remote_engine_does_as_well(debian: Image, tmp_path: Path) -> None:
    """Through a TCP port, where no path of this machine means anything to the engine."""
    with _forwarder() as port, connect({"DOCKER_HOST": f"tcp://127.0.0.1:{port}"}, tmp_path) as remote:
        assert remote.info().address == f"tcp://127.0.0.1:{port}"
        with remote.start(debian) as container:
            container.copy_in(tar_stream([("x", b"there and back")]), PurePosixPath("/var/task"))
            assert container.run(sh("cat /var/task/x")).output == "there and back"
            container.copy_out(PurePosixPath("/var/task"), tmp_path)

    assert (tmp_path / "x").read_bytes() == b"there and back"


class _forwarder:  # noqa: N801 - used like a function
    """A loopback port that leads to the local engine's socket."""

    def __enter__(self) -> int:
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)
        return int(self._listening.getsockname()[1])

    def _start(self, function: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return  # closed: the test is over
            far = socket.socket(socket.AF_UNIX)
            far.connect("/var/run/docker.sock")
            self._open += [near, far]
            self._start(self._pump, near, far)
            self._start(self._pump, far, near)

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other direction has ended the conversation

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for one in self._open:
            with suppress(OSError):  # closed by its peer already
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(10)


def test_an_unreachable_registry_is_said(engine: DockerEngine) -> None:
    with pytest.raises(DockerFault) as caught:
        engine.pull("registry.invalid/none/nothing:1", "x86_64")

    assert "cannot be reached" in caught.value.message
    assert "--image" in caught.value.fix


def test_another_architecture_is_not_found(engine: DockerEngine) -> None:
    assert engine.find_image(DEBIAN, "arm64") is None
    assert engine.find_image("packager-test/no-such-image", "x86_64") is None


def test_an_image_this_engine_cannot_run(engine: DockerEngine, tmp_path: Path) -> None:
    """Its /bin/sh is the head of an arm64 program: with emulation set up it does not run either."""
    dockerfile = tmp_path / "foreign" / "Dockerfile"
    dockerfile.parent.mkdir()
    dockerfile.write_text("FROM scratch\nCOPY sh /bin/sh\n")
    client = docker.from_env()
    foreign = bytes.fromhex("7f454c46020101") + bytes(9) + b"\2\0\xb7\0" + bytes(100)
    context = io.BytesIO(b"".join(tar_stream([("Dockerfile", dockerfile.read_bytes()), ("sh", foreign)])))
    tag = f"packager-test/foreign:{os.getpid()}"
    try:
        built = client.api.build(
            fileobj=context, custom_context=True, platform="linux/arm64", tag=tag, rm=True, forcerm=True
        )
        assert "Successfully tagged" in str(list(built))
        image = engine.find_image(tag, "arm64")
        assert image is not None
        with pytest.raises(DockerFault) as caught, engine.start(image):
            pass
        assert "arm64" in caught.value.message
        assert "binfmt" in caught.value.fix
    finally:
        client.images.remove(tag, force=True)
        client.close()


@pytest.mark.parametrize("suite", ["bullseye", "bookworm"])
def test_an_environment_is_built_once(engine: DockerEngine, suite: str) -> None:
    dockerfile = bundled("dockerfiles") / "debian/Dockerfile"
    base = f"packager-test/debian:{suite}"
    arguments = BuildArguments(dockerfile, base, (("PACKAGES", ""),), (("ca-bundle.crt", b"x"),))
    first = engine.build_image(arguments, "x86_64")
    again: list[str] = []

    assert engine.build_image(arguments, "x86_64", again.append) == first
    assert again == []
    with engine.start(first) as container:
        outcome = container.run(sh("cat /opt/packager/ca-bundle.crt; . /etc/os-release; echo $VERSION_CODENAME"))
    assert outcome.output == f"x{suite}"


def test_a_failing_build_shows_its_end_and_leaves_no_container(engine: DockerEngine, tmp_path: Path) -> None:
    dockerfile = tmp_path / "broken" / "Dockerfile"
    dockerfile.parent.mkdir()
    dockerfile.write_text("ARG BASE\nFROM ${BASE}\nRUN echo the reason; exit 3\n")
    before = {name for name in names("containers") if not name.startswith("packager-")}
    lines: list[str] = []

    with pytest.raises(DockerFault, match="exit code 3\n    the reason"):
        engine.build_image(BuildArguments(dockerfile, DEBIAN), "x86_64", lines.append)

    assert "the reason" in lines
    assert {name for name in names("containers") if not name.startswith("packager-")} <= before


@pytest.mark.parametrize("version", ["2", "2023"])
def test_amazon_linux_environment(engine: DockerEngine, version: str) -> None:
    base = f"public.ecr.aws/amazonlinux/amazonlinux:{version}"
    try:
        engine.find_image(base, "x86_64") or engine.pull(base, "x86_64")
    except DockerFault:
        pytest.skip("image not available")
    image = engine.build_image(BuildArguments(bundled("dockerfiles") / "amazonlinux/Dockerfile", base), "x86_64")
    with engine.start(image) as container:
        outcome = container.run(sh("g++ --version && make --version && python3 -m pip --version && git --version"))
    assert outcome.exit_code == 0
