"""Verdicts against reality: each file's own verdict, and what the loader of a container says to the same file."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from packager.audit.context import AuditContext
from packager.audit.judge import audit
from packager.model.findings import Mounted
from packager.model.inventory import Inventory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pytest

    from packager.model.findings import Finding
    from packager.model.targets import Target


TRY = """
import json, re, subprocess, sys
OPEN = "import ctypes, os, sys; ctypes.CDLL(sys.argv[1], os.RTLD_LAZY)"
IMPORT = "import sys; sys.path.insert(0, sys.argv[1]); __import__(sys.argv[2])"
OFFERED = re.compile(r"(_?Py|napi_|node_api_|uv_)")
for question in sys.stdin.read().splitlines():
    kind, *words = question.split(" ")
    argv = {
        "open": [sys.executable, "-I", "-c", OPEN], "import": [sys.executable, "-I", "-c", IMPORT],
        "run": [], "musl": ["/lib/ld-musl-x86_64.so.1", "--list"],
    }[kind] + words + (["--version"] if kind == "run" else [])
    try:
        ran = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        said, code = ran.stderr, ran.returncode
    except OSError as error:
        said, code = str(error), 127
    lines = [line for line in said.splitlines() if line.strip()]
    if kind == "musl":  # what an interpreter would offer is not there to be found
        lines = [
            line for line in lines
            if not (line.startswith("Error relocating") and OFFERED.match(line.split(": ")[1]))
        ]
        loads = not lines and code in (0, 127)
    elif kind == "run":
        loads = code not in (126, 127) and code >= 0 and "not found" not in said
    else:
        loads = code == 0
    print(json.dumps([question, loads, " | ".join(lines[-1:])[:300]]))
"""
"""Opens, imports, starts or gives to musl's loader what each line asks for."""
ASK = ("python3", "/var/task/try.py")


@dataclass(frozen=True)
class Answer:
    """What happened to one file."""

    loads: bool
    said: str


def verdicts(inventory: Inventory, on: Target) -> dict[str, list[Finding]]:
    """Return the errors by file: its own, and those of the bundled libraries it brings in."""
    everything = Mounted("/var/task", inventory, "")
    scene = AuditContext([everything], on)
    brought: dict[str, set[str]] = {}
    for link in scene.links:
        if link.provider:
            brought.setdefault(link.user.file.path, set()).add(link.provider.file.path)
    found = {}
    for place in scene.natives:
        closure, waiting = {place.file.path}, [place.file.path]
        while waiting:
            more = brought.get(waiting.pop(), set()) - closure
            closure |= more
            waiting += more
        own = Inventory(tuple(file for file in inventory.files if file.path in closure))
        mounts = [Mounted("/var/task", inventory, "", judged=False), Mounted("/var/task", own, "")]
        # No family: the file is judged alone, not excused by a sibling that fits.
        found[place.file.path] = [
            each for each in audit(mounts, on) if each.severity == "error" or each.code == "ABI010"
        ]
    return found


def tried(image: str, folder: Path, argv: Sequence[str], questions: Sequence[str]) -> list[Answer]:
    """Return one answer per question, from a program of the folder (at /var/task) in a container without network.

    Questions go in by line; a line ``[question, loads, said]`` of JSON comes back for each, in their order.
    """
    create = ["docker", "create", "-i", "--network=none", image, *argv]
    container = subprocess.run(create, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    try:
        subprocess.run(
            ["docker", "cp", f"{folder}/.", f"{container}:/var/task"], check=True, timeout=300, capture_output=True
        )
        done = subprocess.run(
            ["docker", "start", "-ai", container],
            input="".join(f"{question}\n" for question in questions),
            capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
    finally:
        subprocess.run(["docker", "rm", "-f", container], check=False, timeout=60, capture_output=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == list(questions), done.stderr
    return [Answer(bool(loads), said) for _, loads, said in rows]


def python_image(suite: str) -> str:
    """Return an image with the release's Python and musl's loader, made on first use from Debian's packages."""
    name = f"packager-test/python:{suite}"
    script = (
        f"FROM packager-test/debian:{suite}\n"
        "RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 musl"
        " && rm -rf /var/lib/apt/lists\n"
    )
    build = ["docker", "build", "--quiet", "--tag", name, "-"]
    subprocess.run(build, input=script, text=True, check=True, capture_output=True, timeout=600)
    return name


def question(path: str, inventory: Inventory, *, musl: bool = False) -> str:
    """Return what TRY is asked about a file: programs are started, except dynamic ones for musl's loader."""
    elf = inventory.by_path[path].elf
    program = elf is not None and elf.type == "executable"
    kind = "run" if program and not (musl and elf and elf.dynamic) else "musl" if musl else "open"
    return f"{kind} /var/task/{path}"


def of_musl(target: Target) -> Target:
    """Return the target on a system that has musl and nothing else."""
    baseline = msgspec.structs.replace(
        target.baseline,
        name="musl", title="a system of musl only", libc="musl", glibc=(), glibcxx=(), cxxabi=(),
        sonames=frozenset({"libc.so", "libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1"}),
    )  # fmt: skip
    return replace(target, baseline=baseline)


def by_luck(said: Mapping[str, list[Finding]], real: Mapping[str, Answer]) -> set[str]:
    """Return the files linked with glibc that musl's loader takes all the same.

    It answers for libc.so.6 itself and knows no symbol versions: what uses nothing that musl lacks is mapped and
    relocated. The audit says no to it, and rightly so: the next function it calls may behave otherwise.
    """
    return {path for path in said if real[path].loads and {each.code for each in said[path]} == {"ABI003"}}


def compare(
    kind: str, said: Mapping[str, list[Finding]], real: Mapping[str, Answer], capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """Return what differs, and print how many do not."""
    differing = [
        f"{name}: audit: {'; '.join(map(str, said[name])) or 'loads'}; reality: {real[name].said or 'loads'}"
        for name in sorted(said)
        if (not said[name]) != real[name].loads
    ]
    loading = sum(real[name].loads for name in said)
    with capsys.disabled():
        sys.stderr.write(f" {kind}: {len(said)}, {loading} load, {len(differing)} differ from the audit;")
    return differing
