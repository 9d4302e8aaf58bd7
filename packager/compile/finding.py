"""Which interpreter compiles: that of the image a tree was built in, else one of this machine."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from packager.compile.here import local_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.model.builds import Tree
    from packager.model.bytecode import Python
    from packager.model.targets import Arch


@contextmanager
def find_python(version: str, tree: Tree | None, arch: Arch) -> Iterator[Python]:
    """Yield an interpreter of a version such as ``3.12``. Raises EnvironmentFault where there is none.

    An image is pinned, a machine is not: where both have one, the image's makes the same bytes everywhere.
    """
    also = ""
    if tree is not None and tree.builder == "docker":
        from packager.compile.image import python_of_image
        from packager.containers.docker_engine import connect

        with (
            connect(os.environ, Path.home()) as engine,
            python_of_image(engine, tree, version, arch) as found,
        ):
            if found is not None:
                yield found
                return
        also = f" and none in the image {tree.image}"
    with local_python(version, also) as here:
        yield here
