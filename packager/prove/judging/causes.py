"""The table of causes: what an exception's text says about the bundle, and the fix. Pure; one row per cause."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from packager.prove.judging.failure_context import FailureContext
    from packager.prove.judging.report import Failure


@dataclass(frozen=True)
class FailureCause:
    """One row: how a cause shows, and what is said about it."""

    code: str
    pattern: re.Pattern[str]
    explain: Callable[[re.Match[str], Failure, FailureContext], tuple[str, str, str]]
    """Returns (path or "", message, fix)."""


def _row(
    code: str, pattern: str, explain: Callable[[re.Match[str], Failure, FailureContext], tuple[str, str, str]]
) -> FailureCause:
    return FailureCause(code, re.compile(pattern), explain)


def _missing(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    wanted = match["what"].removeprefix("file://")
    stack = re.search(r"Require stack:\s*\n- (?P<from>\S+)", failure.message)
    asking = match.groupdict().get("from") or (stack["from"] if stack else "")
    if asking.endswith("_loader.cjs") or asking == "internal/preload":
        asking = ""  # our loader asked, or NODE_OPTIONS did: for the handler's own file or a package named
    shown = wanted.removeprefix(f"{scene.task_root}/")
    message = f"{'asks for' if asking else 'lacks'} {shown!r}, which is not there{scene.why_dropped(wanted, asking)}"
    package = "/".join(wanted.split("/")[: 2 if wanted.startswith("@") else 1])
    if match.groupdict().get("esm") and package in scene.layer_packages and not scene.imports_layers:
        return (
            asking,
            f"imports {package!r}, but `import` never looks into layers (NODE_PATH is for `require`)",
            ("load it with `require` (createRequire), or put it into the function itself"),
        )
    if _FOR_LINUX.search(wanted):
        fix = _FOR_THE_TARGET
    elif wanted.startswith((".", "/")):
        fix = (
            "include the file (packager.yaml: bundles.<name>.include), or correct "
            "the path; Linux distinguishes upper and lower case"
        )
    else:
        fix = f"add {package!r} to the dependencies (not devDependencies), or attach the layer that carries it"
    return asking, message, fix


def _no_sharp(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    return "", f"has no sharp for {match['what']}, or one that cannot be loaded there", _FOR_THE_TARGET


def _no_libssl(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    fix = "generate the engine for the OpenSSL of the target; `packager build` selects its binary target"
    return "", "the query engine needs a libssl that is not on the system", fix


def _file_of(match: re.Match[str], failure: Failure) -> str:
    return match.groupdict().get("file") or failure.path


def _wrong_format(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    return (
        _file_of(match, failure),
        f"cannot be loaded on this system: {match['what']}",
        "install it for the target: `packager build --target …` asks the package manager for its system",
    )


def _too_new(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    return (
        _file_of(match, failure),
        f"needs {match['version']}, which the system does not have",
        "take the package's prebuilt file, or compile it in the target's image (`--builder docker`)",
    )


def _library(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    return (
        failure.path or "",
        f"needs {match['what']}, which is neither on the system nor in the bundle",
        f"bring {match['what']} along in lib/ of the function or a layer, or use a build that does not need it",
    )


def _other_machine(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    # glibc passes over a file for another processor in its search, and then has found "no such file".
    return match["file"], "is built for another processor than the target's (or it is not there)", _FOR_THE_TARGET


def _musl(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    message = f"is built for musl (Alpine): it needs {match['what']}, and the target has glibc"
    return _file_of(match, failure), message, _FOR_THE_TARGET


def _settings_file(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    wanted = posixpath.normpath(match["what"])
    message = f"reads settings from {wanted!r}, which is not there: builds never pack files that hold secrets"
    fix = "give them as environment variables (packager.yaml: bundles.<name>.environment), and read the file if present"
    return "", message, fix


def _engine(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    wanted = re.search(r'(?:runtime|platform) "([^"]+)"', failure.message)
    name = f" for {wanted[1]!r}" if wanted else ""
    return (
        "",
        f"the generated client finds no query engine{name}: {first_line(failure.message)}",
        "generate for the target and keep engine and schema.prisma together; `packager build` does both",
    )


def _refused(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    file = _file_of(match, failure)
    return (
        file,
        f"may not be used by the runtime's user (permission denied{', ' + match['call'] if match['call'] else ''})",
        "files need mode 0644, programs 0755, for everybody; `packager pack` sets them by content",
    )


def _read_only(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    file = _file_of(match, failure)
    return file, f"is written to ({match['call'] or 'write'}), but only /tmp is writable there", "write to /tmp"


def _module_kind(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    file = re.search(r"(?m)(/\S+?\.[cm]?[jt]s)(?::\d+)?", failure.stack or failure.message)
    place = failure.path or (file[1] if file else "")
    message = f"mixes ES modules and CommonJS: {first_line(failure.message)}"
    required = "ERR_REQUIRE_ESM" in failure.text or "ERR_REQUIRE_ASYNC_MODULE" in failure.text
    flag = scene.flag("require-module" if required else "detect-module")
    if required:
        fix = "load it with import(), or set trim: bundle"
    else:
        fix = 'name it .mjs (ES module) or .cjs (CommonJS), or set "type" in its package.json and pack that file'
    if flag is None or "ERR_REQUIRE_ASYNC_MODULE" in failure.text or "await is only valid" in failure.message:
        return place, message, fix
    if flag.sure:
        why = f"{scene.runtime} starts Node with {flag.flag}"
    else:
        why = f"it is not known whether {scene.runtime} starts Node with {flag.flag}, so the code must run with it"
    return place, f"{message} ({why})", f"{fix}, or set {flag.variable}: {flag.lifted_by} in the function's environment"


def _folder_first(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    return (
        match["what"],
        f"is a folder named like the handler's file, and {scene.runtime} takes the folder",
        "rename the folder or the file, and the handler with it",
    )


def _abi(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    file = re.search(r"'(/[^']+\.node)'", failure.message)
    return (
        file[1] if file else failure.path,
        f"was built for another version of the runtime (NODE_MODULE_VERSION {' against '.join(match.groups())})",
        "install or rebuild it with the target's major version of Node",
    )


def _symbol(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    return (
        _file_of(match, failure),
        f"refers to {match['what']}, which nothing defines",
        "the file and the library it was built against do not belong together: reinstall both for the target",
    )


def _memory(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    return "", "runs out of memory", "give the function more memory, or load less at start"


def _network(match: re.Match[str], failure: Failure, scene: FailureContext) -> tuple[str, str, str]:
    return (
        "",
        f"wants the network while loading: {first_line(failure.message)}",
        "connect inside the handler or lazily: a cold start should not wait for another server",
    )


_FOR_LINUX = re.compile(r"linux-?(x64|arm64|x86_64|aarch64)")
_FOR_THE_TARGET = "install for the target's system: `packager build`, or `npm ci --os=linux --cpu=… --libc=glibc`"

# Order matters: the first row that matches wins, the specific before the general.
CAUSES: tuple[FailureCause, ...] = (
    _row("RUN006", r"could not locate the Query Engine|Query [Ee]ngine (library|binary) for current platform", _engine),
    _row("RUN006", r"Photon binary for current platform|query_compiler_\w*bg\.wasm'", _engine),
    _row("RUN006", r"(@prisma/\w+|Prisma Client) did not initialize yet|Cannot find module '\.prisma/client", _engine),
    _row("RUN004", r"cannot find the required `?libssl`? system library", _no_libssl),
    _row("RUN001", r'Could not load the "sharp" module using the (?P<what>[\w-]+) runtime', _no_sharp),
    _row(
        "RUN003",
        r"(?:(?P<lib>/\S+?): )?version [`'](?P<version>(?:GLIBC|GLIBCXX|CXXABI|GCC)_[\w.]+)' not found"
        r"(?: \(required by (?P<file>[^)]+)\))?",
        _too_new,
    ),
    _row(
        "RUN002",
        r"(?P<file>/\S+\.(?:node|so)): cannot open shared object file: No such file or directory",
        _other_machine,
    ),
    _row("RUN004", r"(?P<what>(?:libc\.musl|ld-musl)[\w.-]*): cannot open shared object file", _musl),
    _row(
        "RUN004",
        r"(?P<what>[\w.+-]+\.so[\w.]*): cannot open shared object file: No such file or directory",
        _library,
    ),
    _row(
        "RUN002",
        r"(?:(?P<file>/\S+?): )?(?P<what>invalid ELF header|wrong ELF class[^\n]*|file too short|"
        r"cannot open shared object file: Exec format error|Exec format error|ELF load command [^\n]*|"
        r"only ET_DYN and ET_EXEC can be loaded)",
        _wrong_format,
    ),
    _row("RUN002", r"spawn (?P<file>\S+) (?P<what>ENOEXEC)", _wrong_format),
    _row("RUN017", r"NODE_MODULE_VERSION (\d+)[^N]*(?:Node[^N]*)*?NODE_MODULE_VERSION (\d+)", _abi),
    _row("RUN019", r"(?:(?P<file>/\S+?): )?undefined symbol: (?P<what>[\w@.]+)", _symbol),
    _row(
        "RUN008",
        r"(?:EROFS: read-only file system|\[Errno 30\] Read-only file system)(?:, (?P<call>\w+))?"
        r"(?:[:]? ?'(?P<file>/[^']+)')?",
        _read_only,
    ),
    # Node's mkdir with `recursive` says ENOENT where it may not write.
    _row("RUN008", r"ENOENT: no such file or directory, (?P<call>mkdir) '(?P<file>/(?!tmp/)[^']+)'", _read_only),
    _row(
        "RUN007",
        r"(?:EACCES: permission denied|\[Errno 13\] Permission denied)(?:, (?P<call>\w+))?"
        r"(?:[:]? ?'(?P<file>/[^']+)')?",
        _refused,
    ),
    _row("RUN007", r"(?P<call>spawn) (?P<file>\S+) EACCES", _refused),
    _row(
        "RUN010", r"JavaScript heap out of memory|Array buffer allocation failed|MemoryError|ERR_WORKER_OUT_OF", _memory
    ),
    _row(
        "RUN012", r"Cannot use import statement outside a module|ERR_REQUIRE_ESM|ERR_REQUIRE_ASYNC_MODULE", _module_kind
    ),
    _row("RUN012", r"(require|module|exports|__dirname|__filename) is not defined in ES module scope", _module_kind),
    _row(
        "RUN012", r"Unexpected token '?export'?|does not provide an export named|await is only valid in", _module_kind
    ),
    _row(
        "RUN001",
        r"(?P<esm>Cannot find (?:package|module)) '(?P<what>[^']+)' imported from (?P<from>\S+)",
        _missing,
    ),
    _row(
        "RUN011", r"Directory import '(?P<what>[^']+)' is not supported .*imported from \S+_loader\.cjs", _folder_first
    ),
    _row("RUN001", r"Cannot find module '(?P<what>[^']+)'", _missing),
    _row("RUN001", r"No module named '(?P<what>[^']+)'", _missing),
    _row(
        "RUN001",
        r"(?:ENOENT: no such file or directory, \w+|No such file or directory:) '(?P<what>(?:[^']*/)?\.env[\w.]*)'",
        _settings_file,
    ),
    _row(
        "RUN001", r"(?:ENOENT: no such file or directory, \w+|No such file or directory:) '(?P<what>[^']+)'", _missing
    ),
    _row("RUN020", r"\b(ENOTFOUND|EAI_AGAIN|ENETUNREACH|Network is unreachable)|Temporary failure in name", _network),
)


def first_line(text: str) -> str:
    """Return the first line that says something, cut to what fits a message."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:300]
