"""A made-up language: one file per project, functions that begin with ``fn``, native modules called ``.quillmod``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.languages.neutral import addon_fault as addon_fault
from packager.languages.neutral import bootstrap as bootstrap
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
from packager.languages.neutral import layer_misplaced as layer_misplaced
from packager.languages.neutral import layer_pattern as layer_pattern
from packager.languages.neutral import library_advice as library_advice
from packager.languages.neutral import manifest as manifest
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
from packager.languages.scanning import first_handler
from packager.model.languages import ProofProgram
from packager.model.proof import CannotProve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.languages import InterpreterSearch

title = "Quill"
marks: tuple[str, ...] = ("*.quill",)
usual_handlers: tuple[str, ...] = ("main",)
source_suffixes: tuple[str, ...] = (".quill",)
handler_endings: tuple[str, ...] = (".quill",)
layer_folder = "quill"
layer_packages = "quill/lib"
proof = ProofProgram("quill", "bootstrap_loader.py")


def find_handler(root: Path, *, compiles: bool) -> str:
    return first_handler(root, usual_handlers, source_suffixes, re.compile(r"^fn (\w+)", re.MULTILINE))


def handler_files(stem: str) -> tuple[str, ...]:
    return (f"{stem}.quill",)


def opens_native(path: str, version: str) -> bool:
    return path.endswith(".quillmod")


def commands(version: str) -> tuple[str, ...]:
    return ("quill",)


def interpreter_flags(memory_bytes: int, environment: Mapping[str, str]) -> tuple[str, ...]:
    return ()


def find_interpreter(version: str, search: InterpreterSearch) -> tuple[Path, str]:
    found = search.on_path("quill")
    if found is None or search.version_of(found) != version:
        msg = f"no Quill {version} on this machine"
        raise CannotProve(msg)
    return found, f"Quill {version}"
