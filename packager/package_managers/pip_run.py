"""Run pip without the project on the module path, given to ``python3 -I -B -c``; the arguments are pip's own.

A project may hold types.py, enum.py or a folder pip: with it on the module path these take the place of the standard
library and of pip itself. -I keeps it out, and PYTHONPATH and the user's own packages too (-P, which would not, comes
with 3.11): a pip that is found only by way of these is named by a variable. Its folder goes behind the standard
library and before other packages, where Python would have it.
"""

import os
import runpy
import sys

folder = os.environ.pop("PACKAGER_PIP", "")
if folder:
    others = [number for number, path in enumerate(sys.path) if path.endswith("-packages")]
    sys.path.insert(others[0] if others else len(sys.path), folder)
runpy.run_module("pip", run_name="__main__", alter_sys=True)
