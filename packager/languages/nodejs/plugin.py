"""Node.js: npm's packages in folders of their own, code that can be traced, addons tied to Node-API or to a major."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.languages.neutral import bootstrap as bootstrap
from packager.languages.neutral import check_project as check_project
from packager.languages.neutral import compilable as compilable
from packager.languages.neutral import extension_suffix as extension_suffix
from packager.languages.neutral import handlers_in_layers as handlers_in_layers
from packager.languages.neutral import is_own_library as is_own_library
from packager.languages.neutral import reinstall_advice as reinstall_advice
from packager.languages.neutral import tag_suits as tag_suits
from packager.languages.neutral import unimportable as unimportable
from packager.languages.neutral import weak_marks as weak_marks
from packager.languages.nodejs.advice import build_environment as build_environment
from packager.languages.nodejs.advice import claims as claims
from packager.languages.nodejs.advice import image_install as image_install
from packager.languages.nodejs.advice import install_advice as install_advice
from packager.languages.nodejs.advice import library_advice as library_advice
from packager.languages.nodejs.handlers import check_handler as check_handler
from packager.languages.nodejs.handlers import compiled_suffixes as compiled_suffixes
from packager.languages.nodejs.handlers import find_handler as find_handler
from packager.languages.nodejs.handlers import framework_handler as framework_handler
from packager.languages.nodejs.handlers import handler_endings as handler_endings
from packager.languages.nodejs.handlers import handler_files as handler_files
from packager.languages.nodejs.handlers import source_suffixes as source_suffixes
from packager.languages.nodejs.handlers import split_handler as split_handler
from packager.languages.nodejs.handlers import usual_entries as usual_entries
from packager.languages.nodejs.handlers import usual_handlers as usual_handlers
from packager.languages.nodejs.modules import handler_fault as handler_fault
from packager.languages.nodejs.modules import import_candidates as import_candidates
from packager.languages.nodejs.modules import is_own_source as is_own_source
from packager.languages.nodejs.modules import relative_imports as relative_imports
from packager.languages.nodejs.natives import addon_fault as addon_fault
from packager.languages.nodejs.natives import opens_native as opens_native
from packager.languages.nodejs.natives import preloaded as preloaded
from packager.model.languages import ProofProgram
from packager.model.proof import CannotProve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.languages import InterpreterSearch, PackageLayout

title = "Node"
manifest = "package.json"
marks: tuple[str, ...] = (manifest,)
package_layout: PackageLayout = "folders"
traceable = True
has_module_twins = True
layer_folder = "nodejs"
layer_packages = "nodejs/node_modules"
layer_pattern = re.compile(r"nodejs/(?:node(?P<version>\d+)/)?node_modules/")
layer_misplaced: tuple[str, ...] = ("node_modules", "nodejs")
_LAYER_MANIFESTS = ("nodejs/package.json", "nodejs/package-lock.json")
proof = ProofProgram(
    "node",
    "node_loader.cjs",
    beside=("node_trace.cjs", "node_http.cjs", "node_watch.cjs"),
    tracer="node_trace.cjs",
    preload="--require",
)
build_programs: tuple[tuple[str, ...], ...] = (("node", "--version"), ("npm", "--version"))
cdk_family = "NODEJS"


def is_installed_in(folder: Path) -> bool:
    return (folder / "node_modules").is_dir()


def reads_in_layer(path: str) -> bool:
    """Return whether a file lies in a node_modules that Node looks into, or is what npm leaves beside one."""
    return layer_pattern.match(path) is not None or path in _LAYER_MANIFESTS


def commands(version: str) -> tuple[str, ...]:
    return ("node",)


def interpreter_flags(memory_bytes: int, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return a heap that fits the function's memory; none where its own NODE_OPTIONS sets one, as on Lambda."""
    if "--max-old-space-size" in environment.get("NODE_OPTIONS", "").replace("_", "-"):
        return ()
    return (f"--max-old-space-size={memory_bytes * 9 // 10 >> 20}",)


def find_interpreter(version: str, search: InterpreterSearch) -> tuple[Path, str]:
    """Return a Node of that major: the machine's own, else the one npm offers."""
    executable = search.on_path("node")
    if executable is None or search.version_of(executable).split(".")[0] != version:
        executable = search.node_folder(version) / "bin" / "node"
    found = search.version_of(executable)
    if found.split(".")[0] != version:
        msg = f"there is no Node {version} on this machine (found {found or 'none'}); use Docker, or let npm fetch it"
        raise CannotProve(msg)
    return executable, f"node {found}"


def portable_interpreter(version: str, search: InterpreterSearch) -> Path | None:
    """Return npm's Node of that major: a bare system image lacks one."""
    return search.node_folder(version)
