"""Compiling in the image a tree was built in, where it has the target's Python."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packager.compile.errand import ARGUMENTS, ENVIRONMENT, OUT, TIMEOUT_SECONDS, died, files, read_batch
from packager.containers.tarballs import tar_stream
from packager.core.units import format_timeout
from packager.model.containers import Command, ContainerLimits, Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from packager.model.builds import Tree
    from packager.model.bytecode import BytecodeBatch, Manner, Module
    from packager.model.containers import Container, Containers
    from packager.model.targets import Arch

_WORK = PurePosixPath("/opt/packager-compiling")
# Lambda's own images keep theirs in /var/lang, Python's in /usr/local.
_FIND = """
for python in "python$1" "/var/lang/bin/python$1" "/usr/local/bin/python$1" python3; do
  found=$("$python" -S -c 'import py_compile, sys; print("%d.%d %s" % (sys.version_info[:2] + (sys.version.split()[0],)))' 2>/dev/null) || continue
  [ "${found%% *}" = "$1" ] && echo "$(command -v "$python") ${found##* }" && exit 0
done
exit 1
"""  # noqa: E501 - one line of shell
_FIND_SECONDS = 60.0


@dataclass(frozen=True)
class ImagePython:
    """An interpreter in a running container."""

    container: Container
    executable: str
    release: str

    def compile(self, modules: Sequence[Module], manner: Manner, scratch: Path) -> BytecodeBatch:
        """Return the bytecode of the modules; see `packager.model.bytecode.Python`."""
        sources = [f"sources/{number}.py" for number in range(len(modules))]
        self.container.copy_in(
            tar_stream(
                [
                    *files(modules, sources, manner).items(),
                    *((name, module.source) for name, module in zip(sources, modules, strict=True)),
                ]
            ),
            _WORK,
        )
        argv = (self.executable, *ARGUMENTS)
        outcome = self.container.run(Command(argv, _WORK, tuple(ENVIRONMENT.items()), TIMEOUT_SECONDS))
        if outcome.timed_out:
            raise died(outcome.output, f"did not end within {format_timeout(TIMEOUT_SECONDS)}")
        if outcome.exit_code != 0:
            raise died(outcome.output, f"ended with exit code {outcome.exit_code}")
        into = scratch / OUT
        into.mkdir(parents=True)
        self.container.copy_out(_WORK / OUT, into)
        return read_batch(scratch, modules)


@contextmanager
def python_of_image(containers: Containers, tree: Tree, version: str, arch: Arch) -> Iterator[ImagePython | None]:
    """Yield an interpreter of that version in the image a tree was built in; None if it has none."""
    image = Image(tree.image, tree.image_id, arch)
    with containers.start(image, limits=ContainerLimits(network=False)) as container:
        command = Command(("sh", "-c", _FIND, "find", version), PurePosixPath("/"), (), _FIND_SECONDS)
        outcome = container.run(command)
        executable, _, release = outcome.output.strip().rpartition(" ")
        found = outcome.exit_code == 0 and executable.startswith("/")
        yield ImagePython(container, executable, release) if found else None
