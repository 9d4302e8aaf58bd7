"""Python: pip's packages all in one folder, bytecode that can be made ahead, extension modules tied to a version."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from packager.languages.neutral import addon_fault as addon_fault
from packager.languages.neutral import bootstrap as bootstrap
from packager.languages.neutral import build_environment as build_environment
from packager.languages.neutral import check_handler as check_handler
from packager.languages.neutral import compiled_suffixes as compiled_suffixes
from packager.languages.neutral import framework_handler as framework_handler
from packager.languages.neutral import handler_fault as handler_fault
from packager.languages.neutral import has_module_twins as has_module_twins
from packager.languages.neutral import import_candidates as import_candidates
from packager.languages.neutral import is_own_source as is_own_source
from packager.languages.neutral import portable_interpreter as portable_interpreter
from packager.languages.neutral import preloaded as preloaded
from packager.languages.neutral import reads_in_layer as reads_in_layer
from packager.languages.neutral import relative_imports as relative_imports
from packager.languages.neutral import split_handler as split_handler
from packager.languages.neutral import traceable as traceable
from packager.languages.neutral import usual_entries as usual_entries
from packager.languages.python.advice import claims as claims
from packager.languages.python.advice import image_install as image_install
from packager.languages.python.advice import install_advice as install_advice
from packager.languages.python.advice import library_advice as library_advice
from packager.languages.python.advice import reinstall_advice as reinstall_advice
from packager.languages.python.binaries import extension_suffix as extension_suffix
from packager.languages.python.binaries import is_own_library as is_own_library
from packager.languages.python.binaries import opens_native as opens_native
from packager.languages.python.binaries import tag_suits as tag_suits
from packager.languages.python.binaries import unimportable as unimportable
from packager.languages.python.unread import check_project as check_project
from packager.languages.scanning import first_handler
from packager.model.languages import ProofProgram
from packager.model.proof import CannotProve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.languages import InterpreterSearch, PackageLayout

title = "Python"
manifest = "requirements.txt"
usual_handlers: tuple[str, ...] = ("lambda_function", "handler", "app", "main", "src/handler", "src/app")
source_suffixes: tuple[str, ...] = (".py",)
handler_endings: tuple[str, ...] = (".py", "/__init__.py")
handlers_in_layers = True
package_layout: PackageLayout = "shared"
compilable = True
layer_folder = "python"
layer_packages = "python"
layer_pattern = re.compile(r"python/lib/python(?P<version>\d+\.\d+)/site-packages/")
layer_misplaced: tuple[str, ...] = ("site-packages",)
proof = ProofProgram("python3", "python_loader.py", beside=("python_watch.py",), image_flags=("-I",))
build_programs: tuple[tuple[str, ...], ...] = (("python3", "--version"),)
cdk_family = "PYTHON"
marks: tuple[str, ...] = ("requirements.txt", "pyproject.toml", "lambda_function.py")
weak_marks: tuple[str, ...] = (
    "Pipfile", "Pipfile.lock", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "pylock.*.toml",
)  # fmt: skip
_HANDLER = re.compile(r"^(?:async\s+)?def\s+(lambda_handler|handler)\s*\(|^(lambda_handler|handler)\s*=", re.MULTILINE)


def is_installed_in(folder: Path) -> bool:
    return next(folder.glob("**/*.dist-info"), None) is not None


def find_handler(root: Path, *, compiles: bool) -> str:
    return first_handler(root, usual_handlers, source_suffixes, _HANDLER)


def handler_files(stem: str) -> tuple[str, ...]:
    """Return the files of a module as Python imports it: a package before a module, source before bytecode."""
    module = posixpath.normpath(stem).replace(".", "/") if stem else ""
    return (f"{module}/__init__.py", f"{module}.py", f"{module}.pyc")


def commands(version: str) -> tuple[str, ...]:
    return ("python", "python3", f"python{version}")


def interpreter_flags(memory_bytes: int, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what keeps this machine's packages and settings out."""
    return ("-I", "-S")


def find_interpreter(version: str, search: InterpreterSearch) -> tuple[Path, str]:
    """Return a Python of that version, from anywhere on this machine."""
    found = search.python(version)
    if found is None:
        msg = f"there is no Python {version} on this machine; install python{version}, or use Docker"
        raise CannotProve(msg)
    return found
