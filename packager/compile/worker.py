"""Compiles Python files for the Python that runs it; started by packager.compile, never shipped.

Its only argument is a JSON file: ``files`` holds [source, output, name in tracebacks], ``answer`` is where it says
what could not be compiled. Standard library only, any Python from 3.8 on.
"""

from __future__ import annotations

import json
import py_compile
import sys
import warnings


def main() -> None:
    """Compile everything, one after the other; a file that is not a module of this Python ends nothing."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
        request = json.load(file)
    warnings.simplefilter("ignore")  # of other people's code: invalid escapes and the like
    mode = "CHECKED_HASH" if request["checked"] else "UNCHECKED_HASH"
    failed = {}
    for source, output, name in request["files"]:
        # The last line tells which file an interpreter died of.
        print(name, flush=True)  # noqa: T201
        try:
            py_compile.compile(
                source,
                cfile=output,
                dfile=name,
                doraise=True,
                optimize=min(request["optimize"], 2),
                invalidation_mode=py_compile.PycInvalidationMode[mode],
            )
        except py_compile.PyCompileError as error:
            failed[name] = str(error.exc_value)
    with open(request["answer"], "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(failed, file)


if __name__ == "__main__":
    main()
