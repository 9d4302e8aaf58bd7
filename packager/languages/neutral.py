"""Answers for what a language has nothing to say about: no packages, no native modules, nothing to check in text.

A language imports by name what holds for it, and writes down the rest.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from packager.model.inventory import ElfFacts
    from packager.model.languages import HandlerFault, InterpreterSearch, PackageLayout
    from packager.model.targets import Arch, Libc, RuntimeFlag, Target

manifest = ""
weak_marks: tuple[str, ...] = ()
bootstrap = ""
compiled_suffixes: tuple[str, ...] = ()
handlers_in_layers = False
extension_suffix = ""
preloaded: tuple[str, ...] = ()
package_layout: PackageLayout = "none"
traceable = False
compilable = False
has_module_twins = False
layer_folder = ""
layer_packages = ""
layer_pattern = re.compile(r"(?!)(?P<version>)")
"""Matches nothing."""
layer_misplaced: tuple[str, ...] = ()
build_programs: tuple[tuple[str, ...], ...] = ()
cdk_family = "OTHER"
image_install = ""


def check_project(root: Path) -> None:
    return None


def is_installed_in(folder: Path) -> bool:
    return False


def check_handler(root: Path, handler: str, where: str, *, compiles: bool) -> None:
    return None


def usual_entries(root: Path, launcher: str) -> tuple[str, ...]:
    return ()


def framework_handler(root: Path) -> str | None:
    return None


def split_handler(handler: str) -> tuple[str, str]:
    """Return (file, export), split at the last dot behind the last slash."""
    folder, slash, name = handler.rpartition("/")
    stem, _, export = name.rpartition(".")
    return (folder + slash + stem, export) if stem else ("", "")


def handler_fault(
    path: str, texts: Mapping[str, str], version: str, flags: Sequence[RuntimeFlag]
) -> HandlerFault | None:
    return None


def is_own_source(path: str) -> bool:
    return False


def relative_imports(text: str) -> Iterable[str]:
    return ()


def import_candidates(path: str) -> tuple[str, ...]:
    return (path,)


def opens_native(path: str, version: str) -> bool:
    return False


def is_own_library(soname: str, version: str) -> bool:
    return False


def addon_fault(elf: ElfFacts, version: str) -> tuple[str, str] | None:
    return None


def unimportable(paths: Sequence[str], version: str) -> Iterable[tuple[str, str]]:
    return ()


def tag_suits(tag: str, version: str, arch: Arch) -> bool:
    return True


def reads_in_layer(path: str) -> bool:
    return True


def portable_interpreter(version: str, search: InterpreterSearch) -> Path | None:
    return None


def build_environment(arch: Arch, libc: Libc) -> tuple[tuple[str, str], ...]:
    return ()


def claims(path: str, *, at_home: bool) -> bool:
    return False


def install_advice(package: str, target: Target) -> str:
    return ""


def reinstall_advice(package: str, target: Target) -> str:
    return ""


def library_advice(soname: str, target: Target) -> str:
    return ""
