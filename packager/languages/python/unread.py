"""Python's other files that declare dependencies: what they ask for and requirements.txt does not name is refused.

Packages are installed from requirements.txt alone. A bundle of a project that declares them elsewhere would come out
without them, and prove well where they are imported late.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packager.core.document import read_object, read_toml
from packager.core.errors import ConfigError
from packager.core.requirements import decoded, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

_LIST = "requirements.txt"
_MOST_NAMED = 4
_EXPORTS = {
    "uv": "uv export --format requirements-txt --no-dev --no-emit-project -o requirements.txt",
    "poetry": "poetry export -o requirements.txt",
    "pdm": "pdm export -o requirements.txt --prod",
    "pipenv": "pipenv requirements > requirements.txt",
    "": "uv pip compile pyproject.toml -o requirements.txt",
}
_FIXES = {
    "uv": f"write the list with `{_EXPORTS['uv']}`",
    "poetry": f"write the list with `{_EXPORTS['poetry']}` (of poetry-plugin-export)",
    "pdm": f"write the list with `{_EXPORTS['pdm']}`",
    "pipenv": f"write the list with `{_EXPORTS['pipenv']}`",
    "pylock": (
        f"write the list with the tool that made the lock: `{_EXPORTS['uv']}` or `{_EXPORTS['pdm']}`, for two of them"
    ),
    "": f"write the list with `{_EXPORTS['']}`, or with `pip-compile -o requirements.txt pyproject.toml`",
}
_LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock"}

# Source: packaging.python.org, "Dependency specifiers"; pip's documentation, "Requirements file format".
_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)", re.DOTALL
)
_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]*(?P<file>.+)")
_EDITABLE = re.compile(r"^(?:-e|--editable)[\s=]*")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_EXTRAS = re.compile(r"\[[^\]]*\]$")
_ADDRESS = re.compile(r"(?:[a-z]+\+)?[a-z]+:", re.IGNORECASE)
# Keys of a Pipfile's and of Poetry's entries that make one hold on some systems or Pythons only.
_LIMITS = frozenset(
    {"markers", "python", "platform", "sys_platform", "os_name", "python_version", "python_full_version"}
    | {"platform_machine", "platform_system", "platform_python_implementation", "implementation_name"}
)


@dataclass(frozen=True)
class _Declared:
    """What one file asks for; names are normalised, in the file's order."""

    where: str
    """The file, for people: ``pyproject.toml``, ``pyproject.toml and uv.lock``."""
    tool: str
    """Whose command writes requirements.txt; a key of `_FIXES`."""
    names: Mapping[str, bool] = field(default_factory=dict)
    """Name → whether it holds everywhere: not so with a marker, and the target may need none of it."""
    own: str = ""
    """The project's own name, where it has one."""
    unknown: bool = False
    """The file says only that there are dependencies: a build backend works them out."""


def check_project(root: Path) -> None:
    """Raise ConfigError naming the first file that declares what requirements.txt does not name, or is not readable.

    Without a requirements.txt, any declared dependency is one too many. Beside one, those are compared that hold
    everywhere: tools leave out of their lists what a marker rules out.
    """
    listed = _listed(root) if (root / _LIST).is_file() else None
    for declared in _declarations(root, alone=listed is None):
        if listed is None:
            if declared.names or declared.unknown:
                raise _refusal(declared, list(declared.names), f"there is no {_LIST}")
            continue
        if declared.own and declared.own in listed.names:
            continue  # pip installs the project itself, and what it declares with it
        missing = [name for name, everywhere in declared.names.items() if everywhere and name not in listed.names]
        if missing and listed.complete:
            raise _refusal(declared, missing, f"{_LIST} does not name {'it' if len(missing) == 1 else 'them'}")


def _refusal(declared: _Declared, names: list[str], but: str) -> ConfigError:
    what = ", ".join(names[:_MOST_NAMED]) + (f" and {len(names) - _MOST_NAMED} more" if names[_MOST_NAMED:] else "")
    what = f"dependencies are declared here ({what})" if names else "the dependencies declared here are dynamic"
    msg = f"{what}, but {but}, and packages are installed from that file only"
    return ConfigError(msg, where=declared.where, fix=_FIXES[declared.tool])


def _declarations(root: Path, *, alone: bool) -> Iterator[_Declared]:
    """Yield what the files of a folder declare. A lock counts where there is no file that it was made from."""
    project = _pyproject(root)
    if project is not None:
        yield project
    else:
        for tool, read in (("uv", _uv_lock), ("poetry", _poetry_lock), ("pdm", _pdm_lock)):
            if (root / _LOCKS[tool]).is_file():
                yield _Declared(_LOCKS[tool], tool, read(read_toml(root / _LOCKS[tool])))
    if (root / "Pipfile").is_file():
        entries = _table(read_toml(root / "Pipfile"), "packages")
        yield _Declared("Pipfile", "pipenv", _entries(entries))
    elif (root / "Pipfile.lock").is_file():
        entries = _table(read_object(root / "Pipfile.lock", fix="run `pipenv lock` to rewrite it"), "default")
        yield _Declared("Pipfile.lock", "pipenv", _entries(entries))
    elif project is None or alone:
        # Locks with a name of their own may be of tools only: beside a list or a project they say nothing about it.
        named = sorted(root.glob("pylock.*.toml")) if project is None and alone else []
        for path in (root / "pylock.toml", *named):
            if path.is_file():
                yield _Declared(path.name, "pylock", _pylock(read_toml(path)))


def _pyproject(root: Path) -> _Declared | None:
    """Return what pyproject.toml declares; None if it has no say in it, as where it holds tools' settings only."""
    if not (root / "pyproject.toml").is_file():
        return None
    data = read_toml(root / "pyproject.toml")
    project, poetry, pdm = _table(data, "project"), _table(data, "tool", "poetry"), _table(data, "tool", "pdm")
    names = _requirements(_texts(project.get("dependencies")))
    if not names:
        names = _entries(_table(poetry, "dependencies")) or _entries(_table(pdm, "dependencies"))
    names.pop("python", None)
    if not (project or _table(poetry, "dependencies") or _table(pdm, "dependencies")):
        return None
    tools = [tool for tool, lock in _LOCKS.items() if (root / lock).is_file()]
    tools += [tool for tool in ("poetry", "pdm", "uv") if tool in _table(data, "tool")]
    tool = tools[0] if tools else ""
    locked = _LOCKS.get(tool, "")
    where = f"pyproject.toml and {locked}" if locked and (root / locked).is_file() else "pyproject.toml"
    unknown = False
    if "dependencies" in _texts(project.get("dynamic")) and not names:
        names, unknown = _dynamic(root, data)
    own = normalised(str(project.get("name") or poetry.get("name") or ""))
    return _Declared(where, tool, names, own, unknown)


def _dynamic(root: Path, data: Mapping[str, Any]) -> tuple[dict[str, bool], bool]:
    """Return what a build backend takes as dependencies, and whether that cannot be told from files."""
    files = _table(data, "tool", "setuptools", "dynamic", "dependencies").get("file")
    if files:
        found = [_listed(root, name, folders=False) for name in ([files] if isinstance(files, str) else _texts(files))]
        return {name: True for one in found for name in one.names}, not all(one.complete for one in found)
    if (root / "uv.lock").is_file():
        return _uv_lock(read_toml(root / "uv.lock")), False
    return {}, not _table(data, "tool", "poetry", "dependencies")


def _uv_lock(lock: Mapping[str, Any]) -> dict[str, bool]:
    """Return what the project of a uv.lock depends on; of a workspace without one, what its members do."""
    packages = _tables(lock.get("package"))
    local = {str(one.get("name")): one for one in packages if {"virtual", "editable"} & set(_table(one, "source"))}
    if not local:
        return _roots(packages, lambda one: [str(each.get("name")) for each in _tables(one.get("dependencies"))])
    own = [one for one in local.values() if "." in _table(one, "source").values()]
    wanted = [each for one in own or local.values() for each in _tables(one.get("dependencies"))]
    return {
        normalised(str(each.get("name"))): "marker" not in each for each in wanted if str(each.get("name")) not in local
    }


def _poetry_lock(lock: Mapping[str, Any]) -> dict[str, bool]:
    """Return what nothing else in the main group of a poetry.lock depends on."""
    packages = [
        one
        for one in _tables(lock.get("package"))
        if not one.get("optional")
        and one.get("category", "main") == "main"
        and "main" in (_texts(one.get("groups")) or ["main"])
    ]
    return _roots(packages, lambda one: list(_table(one, "dependencies")))


def _pdm_lock(lock: Mapping[str, Any]) -> dict[str, bool]:
    """Return what nothing else in the default group of a pdm.lock depends on."""
    packages = [one for one in _tables(lock.get("package")) if "default" in (_texts(one.get("groups")) or ["default"])]
    return _roots(packages, lambda one: list(_requirements(_texts(one.get("dependencies")))))


def _pylock(lock: Mapping[str, Any]) -> dict[str, bool]:
    """Return what nothing else in a pylock.toml depends on, less what groups and extras bring; source: PEP 751."""
    asked = re.compile(r"\b(?:dependency_groups|extras)\b")
    packages = [one for one in _tables(lock.get("packages")) if not asked.search(str(one.get("marker", "")))]
    return _roots(packages, lambda one: [str(each.get("name")) for each in _tables(one.get("dependencies"))])


def _roots(
    packages: Iterable[Mapping[str, Any]], depends_on: Callable[[Mapping[str, Any]], Iterable[str]]
) -> dict[str, bool]:
    """Return the packages that no other one brings; all of them where they depend on each other in circles."""
    limited = {normalised(str(one.get("name"))): bool({"marker", "markers"} & set(one)) for one in packages}
    brought = {normalised(name) for one in packages for name in depends_on(one)}
    return {name: not limit for name, limit in limited.items() if name not in brought or brought >= set(limited)}


def _entries(table: Mapping[str, Any]) -> dict[str, bool]:
    """Return the packages of a table by name, as Pipfile and Poetry have them, less those that extras bring."""
    return {
        normalised(name): not (isinstance(entry, list) or (isinstance(entry, dict) and _LIMITS & set(entry)))
        for name, entry in table.items()
        if not (isinstance(entry, dict) and entry.get("optional"))
    }


def _requirements(lines: Iterable[str]) -> dict[str, bool]:
    """Return the packages of dependency specifiers.

    >>> _requirements(["Flask[async]>=3", "tomli; python_version < '3.11'"])
    {'flask': True, 'tomli': False}
    """
    matches = [match for line in lines if (match := _REQUIREMENT.fullmatch(line))]
    return {normalised(match["name"]): ";" not in match["rest"] for match in matches}


@dataclass(frozen=True)
class _ListedRequirements:
    """What a list of requirements names."""

    names: frozenset[str]
    complete: bool
    """Whether all of it could be read here: not so with a list from elsewhere, or a folder that does not say."""


def _listed(root: Path, name: str = _LIST, *, folders: bool = True) -> _ListedRequirements:
    """Return what a list names, with the lists it includes and, if asked, what the project's own folders bring."""
    names: set[str] = set()
    complete = True
    waiting, seen = [root / name], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        text = _text_within(root, path)
        if text is None:
            complete = False
            continue
        for line in (_COMMENT.sub("", line).strip() for line in text.replace("\\\n", " ").splitlines()):
            if include := _INCLUDE.fullmatch(line):
                waiting.append(path.parent / include["file"].strip("\"'"))
                continue
            requirement = _EDITABLE.sub("", line)
            if not requirement or requirement.startswith("-"):
                continue
            brought = _brought(root, requirement, folders=folders)
            complete = complete and brought is not None
            names.update(brought or ())
    return _ListedRequirements(frozenset(names), complete)


def _text_within(root: Path, path: Path) -> str | None:
    """Return the text of a file of the project; None for any other: what is wrong with it, pip will say."""
    try:
        if path.is_file() and path.resolve().is_relative_to(root.resolve()):
            return decoded(path.read_bytes())
    except (OSError, ValueError):
        pass
    return None


def _brought(root: Path, requirement: str, *, folders: bool) -> set[str] | None:
    """Return the names that a requirement brings; None for a folder that does not say.

    pip looks for a folder from where it runs, the project, wherever the list lies.
    """
    text = re.split(r"\s;|\s--", requirement, maxsplit=1)[0].strip().strip("\"'")
    named = _REQUIREMENT.fullmatch(text)
    is_path = _ADDRESS.match(text) or re.search(r"[/\\]", text) or text.endswith((".whl", ".zip", ".gz"))
    if named and (named["rest"].startswith("@") or not is_path):
        return {normalised(named["name"])}
    place = _EXTRAS.sub("", text.removeprefix("file:"))
    if not _ADDRESS.match(place) and not place.startswith("//") and _is_folder(root / place):
        declared = _pyproject(root / place) if folders else None
        return None if declared is None or declared.unknown else {*declared.names, declared.own}
    return {_name_in(text)}


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # the name is longer than any may be, for one
        return False


def _name_in(address: str) -> str:
    """Return the name of the package at an address or in a file, as far as it shows.

    >>> [_name_in(text) for text in ("git+https://x/My_Lib.git@v1#egg=my-lib", "./w/a_b-1.0-py3-none-any.whl")]
    ['my-lib', 'a-b']
    """
    place, _, fragment = address.partition("#")
    if named := re.search(r"egg=([\w.-]+)", fragment):
        return normalised(named[1])
    last = re.sub(r"(\.git)?(@[^/]*)?$", "", place.rstrip("/")).rpartition("/")[2]
    return normalised(last.partition("-")[0] if last.endswith(".whl") else re.sub(r"-\d.*", "", last))


def _table(data: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return a table within tables; {} where there is none, or something else stands in its place."""
    found: Any = data
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
