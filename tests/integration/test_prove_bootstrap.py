"""Custom runtimes: real bootstraps against our Runtime API, good ones and each kind of bad."""

from __future__ import annotations

import json
import platform
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from tests.support.elfs import EM_AARCH64, write_elf
from tests.support.proving import Bench, comes_to_an_end

if TYPE_CHECKING:
    from packager.model.proof import Proof

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="custom runtimes are Linux programs")

# The tutorial's own bootstrap, with curl replaced by what any Python has.
LOOP = """#!/usr/bin/python3
import json, os, sys, urllib.request
api = f"http://{{os.environ['AWS_LAMBDA_RUNTIME_API']}}/2018-06-01/runtime"
def post(path, body, **headers):
    return urllib.request.urlopen(urllib.request.Request(f"{{api}}/{{path}}", body, headers)).status
{before}
while True:
    with urllib.request.urlopen(f"{{api}}/invocation/next") as got:
        event, request = json.load(got), got.headers["Lambda-Runtime-Aws-Request-Id"]
    {answer}
"""
ECHO = 'post(f"invocation/{request}/response", json.dumps({"got": event, "task": os.getcwd()}).encode())'


def loop(answer: str = ECHO, before: str = "") -> str:
    return LOOP.format(answer=answer, before=before)


def proved(bench: Bench, bootstrap: str | bytes, event: object | None = None, seconds: float = 20) -> Proof:
    target = load_catalog().target("aws-lambda", "provided.al2023", "x86_64")
    return bench.prove(
        {"bootstrap": bootstrap}, modes={"bootstrap": 0o755}, target=target, event=event, timeout_seconds=seconds
    )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_bootstrap_that_asks_for_the_next_event_is_proved(bench: Bench) -> None:
    proof = proved(bench, loop())
    assert (proof.status, proof.findings) == ("proved", ()), proof
    assert proof.where.startswith("bootstrap against the Runtime API on this machine")


def test_it_is_called_with_the_event_and_its_answer_is_taken(bench: Bench) -> None:
    proof = proved(bench, loop(), event={"a": [1, "é"]})
    assert proof.status == "proved", proof
    assert json.loads(proof.answer) == {"got": {"a": [1, "é"]}, "task": "/var/task"}


def test_an_answer_that_is_no_json_is_kept_as_text(bench: Bench) -> None:
    proof = proved(bench, loop('post(f"invocation/{request}/response", b"plain")'), event={})
    assert (proof.status, proof.answer) == ("proved", '"plain"')


def test_a_layers_bootstrap_serves_the_function(bench: Bench) -> None:
    from packager.prove.prover import prove
    from tests.support.proving import make_zip

    target = load_catalog().target("aws-lambda", "provided.al2023", "x86_64")
    layer = make_zip(bench.folder / "layer.zip", {"bootstrap": loop()}, {"bootstrap": 0o755})
    function = make_zip(bench.folder / "api.zip", {"data.txt": ""})
    proof = prove(
        function, [layer], target=target, handler="", environment={}, how="local", event=1, cache=bench.folder
    )
    assert proof.status == "proved", proof


ERROR = '{"errorType": "Runtime.NoConfig", "errorMessage": "no config"}'

UNRESOLVED = "error while loading shared libraries: libssl.so.1.1: cannot open shared object file: No such file"
BROKEN: dict[str, tuple[str | bytes, str, str]] = {
    "reports an init error": (loop(before=f"post('init/error', b'{ERROR}')"), "RUN014", "Runtime.NoConfig: no config"),
    "reports an error of the call": (
        loop(f"post(f\"invocation/{{request}}/error\", b'{ERROR}')"),
        "RUN016",
        "the handler fails on the event: Runtime.NoConfig: no config",
    ),
    "ends at start": ("#!/bin/sh\nexit 3\n", "RUN015", "exits while loading (exit code 3)"),
    "ends in the call": (loop("sys.exit(0)"), "RUN015", "while answering (exit code 0)"),
    "crashes": ("#!/bin/sh\nkill -SEGV $$\n", "RUN005", "SIGSEGV"),
    "another processor": (
        write_elf(machine=EM_AARCH64, type=2, interpreter="/lib/ld.so"),
        "RUN018",
        "cannot be started",
    ),
    "interpreter not there": ("#!/opt/bin/nowhere\n", "RUN018", "cannot be started"),
    "library missing": (
        f"#!/bin/sh\necho 'bootstrap: {UNRESOLVED} or directory' >&2\nexit 127\n",
        "RUN004",
        "needs libssl.so.1.1",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_kind_of_failure_is_told(bench: Bench, name: str) -> None:
    bootstrap, code, words = BROKEN[name]
    proof = proved(bench, bootstrap, event={})
    assert (proof.status, [finding.code for finding in proof.findings]) == ("failed", [code]), proof
    assert words in proof.detail


def test_a_bootstrap_that_never_asks_runs_into_the_time_limit(bench: Bench) -> None:
    proof = proved(bench, "#!/bin/sh\nexec sleep 62\n", seconds=1.5)
    assert [finding.code for finding in proof.findings] == ["RUN009"]
    assert comes_to_an_end("sleep 62")


C_BOOTSTRAP = r"""
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
static char buffer[65536];
static void ask(const char *request, size_t length) {
  char host[64]; int port; sscanf(getenv("AWS_LAMBDA_RUNTIME_API"), "%63[^:]:%d", host, &port);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &to.sin_addr);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(s, (struct sockaddr *)&to, sizeof to) != 0 || write(s, request, length) < 0) exit(9);
  memset(buffer, 0, sizeof buffer); read(s, buffer, sizeof buffer - 1); close(s);
}
int main(void) {
  for (;;) {
    const char *next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
    ask(next, strlen(next));
    char id[64] = ""; char *at = strstr(buffer, "Request-Id: ");
    if (at) sscanf(at + 12, "%63s", id);
    char answer[512]; const char *body = "{\"from\": \"C\"}";
    int n = snprintf(answer, sizeof answer, "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\n"
      "Content-Length: %zu\r\n\r\n%s", id, strlen(body), body);
    ask(answer, n);
  }
}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler on this machine")
def test_a_compiled_program_is_a_bootstrap(bench: Bench) -> None:
    source = bench.folder / "b.c"
    source.write_text(C_BOOTSTRAP)
    program = bench.folder / "b"
    subprocess.run(["cc", "-w", "-o", program, source], check=True)
    proof = proved(bench, program.read_bytes(), event={"n": 1})
    assert (proof.status, proof.answer) == ("proved", '{"from": "C"}'), proof


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return AWS's own runtime interface emulator, which the aws-sam-cli wheel carries."""
    folder = tmp_path_factory.mktemp("sam")
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    subprocess.run([*download, "aws-sam-cli==1.170.0"], check=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        path = Path(archive.extract("samcli/local/rapid/aws-lambda-rie-x86_64", folder))
    path.chmod(0o755)
    return path


@pytest.mark.heavy
@pytest.mark.network
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the emulator's x86_64 program is asked")
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (ECHO, "proved"),
        ('post(f"invocation/{request}/response", b"plain")', "proved"),
        (f"post(f\"invocation/{{request}}/error\", b'{ERROR}')", "failed"),
    ],
    ids=["answers", "plain text", "error"],
)
def test_awss_own_emulator_says_the_same(bench: Bench, emulator: Path, answer: str, status: str) -> None:
    proof = proved(bench, loop(answer), event={"a": 1})
    assert proof.status == status
    bootstrap = bench.folder / "bootstrap"
    bootstrap.write_text(loop(answer))
    bootstrap.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        outside, inside = (f"127.0.0.1:{server.getsockname()[1]}" for server in (one, other))
    argv: list[str | Path] = [
        emulator,
        "--runtime-interface-emulator-address",
        outside,
        "--runtime-api-address",
        inside,
        bootstrap,
    ]
    process = subprocess.Popen(
        [*argv, "x.handler"], env={"PATH": "/usr/bin:/bin"}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        body = ask(f"http://{outside}/2015-03-31/functions/function/invocations", b'{"a": 1}')
    finally:
        process.kill()
        process.wait()
    if status == "failed":
        assert json.loads(body)["errorMessage"] == "no config"
        assert "Runtime.NoConfig: no config" in proof.detail
    elif body == b"plain":
        assert proof.answer == '"plain"'
    else:
        assert json.loads(body)["got"] == json.loads(proof.answer)["got"] == {"a": 1}


def ask(url: str, body: bytes) -> bytes:
    """Post to a server that may still be starting."""
    for _ in range(50):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body), timeout=30) as answered:
                said: bytes = answered.read()
                return said
        except ConnectionError:
            time.sleep(0.1)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            time.sleep(0.1)
    pytest.fail("the emulator does not listen")
