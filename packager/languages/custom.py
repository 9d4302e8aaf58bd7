"""Custom runtimes: a program called ``bootstrap`` that asks the Runtime API for its events."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from packager.languages.neutral import addon_fault as addon_fault
from packager.languages.neutral import build_environment as build_environment
from packager.languages.neutral import build_programs as build_programs
from packager.languages.neutral import cdk_family as cdk_family
from packager.languages.neutral import check_handler as check_handler
from packager.languages.neutral import check_project as check_project
from packager.languages.neutral import claims as claims
from packager.languages.neutral import compilable as compilable
from packager.languages.neutral import compiled_suffixes as compiled_suffixes
from packager.languages.neutral import extension_suffix as extension_suffix
from packager.languages.neutral import framework_handler as framework_handler
from packager.languages.neutral import handler_fault as handler_fault
from packager.languages.neutral import handlers_in_layers as handlers_in_layers
from packager.languages.neutral import has_module_twins as has_module_twins
from packager.languages.neutral import image_install as image_install
from packager.languages.neutral import import_candidates as import_candidates
from packager.languages.neutral import install_advice as install_advice
from packager.languages.neutral import is_installed_in as is_installed_in
from packager.languages.neutral import is_own_library as is_own_library
from packager.languages.neutral import is_own_source as is_own_source
from packager.languages.neutral import layer_folder as layer_folder
from packager.languages.neutral import layer_misplaced as layer_misplaced
from packager.languages.neutral import layer_packages as layer_packages
from packager.languages.neutral import layer_pattern as layer_pattern
from packager.languages.neutral import library_advice as library_advice
from packager.languages.neutral import manifest as manifest
from packager.languages.neutral import opens_native as opens_native
from packager.languages.neutral import package_layout as package_layout
from packager.languages.neutral import portable_interpreter as portable_interpreter
from packager.languages.neutral import preloaded as preloaded
from packager.languages.neutral import reads_in_layer as reads_in_layer
from packager.languages.neutral import reinstall_advice as reinstall_advice
from packager.languages.neutral import relative_imports as relative_imports
from packager.languages.neutral import split_handler as split_handler
from packager.languages.neutral import tag_suits as tag_suits
from packager.languages.neutral import traceable as traceable
from packager.languages.neutral import unimportable as unimportable
from packager.languages.neutral import usual_entries as usual_entries
from packager.languages.neutral import weak_marks as weak_marks
from packager.model.languages import ProofProgram
from packager.model.proof import CannotProve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.languages import InterpreterSearch

title = "custom runtime"
bootstrap = "bootstrap"
marks: tuple[str, ...] = (bootstrap,)
usual_handlers: tuple[str, ...] = (bootstrap,)
source_suffixes: tuple[str, ...] = ()
handler_endings: tuple[str, ...] = ()
proof = ProofProgram("python3", "bootstrap_loader.py", image_flags=("-I", "-S"))
"""What stands in the Runtime API's place is Python; it starts the bootstrap."""


def find_handler(root: Path, *, compiles: bool) -> str:
    return bootstrap


def handler_files(stem: str) -> tuple[str, ...]:
    """Return none: a bootstrap is looked for by a check of its own."""
    return ()


def commands(version: str) -> tuple[str, ...]:
    """Return what may start a bootstrap besides shells: AWS documents none, and people bring a Python in a layer."""
    return ("python",)


def interpreter_flags(memory_bytes: int, environment: Mapping[str, str]) -> tuple[str, ...]:
    return ("-I", "-S")


def find_interpreter(version: str, search: InterpreterSearch) -> tuple[Path, str]:
    """Return the Python this tool runs in: it serves the Runtime API, the bootstrap brings what it needs."""
    own = search.python("{}.{}".format(*sys.version_info[:2]))
    if own is None:
        msg = "the Python that runs packager cannot start another one to serve the Runtime API"
        raise CannotProve(msg)
    return own[0], "bootstrap against the Runtime API"
