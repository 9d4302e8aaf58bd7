"""Imports every module of a Python package and prints what came of it: one JSON object, module → outcome.

Usage: python -S -E probe.py ROOT TOP. Modules are found in the whole tree, or given in BED_NAMES.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import pkgutil
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout

_NOT_A_LIBRARY = ("conftest", "__main__", "setup")


def _modules(top: str) -> list[str]:
    package = importlib.import_module(top)
    found = [top]
    for folder in getattr(package, "__path__", []):
        queue = [(folder, top)]
        while queue:
            where, prefix = queue.pop()
            for item in pkgutil.iter_modules([where]):
                name = f"{prefix}.{item.name}"
                if item.name in _NOT_A_LIBRARY or {"tests", "test"} & set(name.split(".")[1:]) - {"django"}:
                    continue
                found.append(name)
                if item.ispkg:
                    queue.append((os.path.join(where, item.name), name))  # noqa: PTH118
    return sorted(found)


def _outcome(name: str) -> str:
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            module = importlib.import_module(name)
        return f"imported: {len([key for key in dir(module) if not key.startswith('__')])} names"
    except BaseException as error:
        return f"failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200]


def main() -> None:
    """Print the outcomes."""
    root, top = sys.argv[1:3]
    sys.path[:0] = [root]
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    names = json.loads(os.environ["BED_NAMES"]) if "BED_NAMES" in os.environ else _modules(top)
    found = {name: _outcome(name).replace(root, "") for name in names}
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()
    os._exit(0)  # whatever threads they have started


if __name__ == "__main__":
    main()
