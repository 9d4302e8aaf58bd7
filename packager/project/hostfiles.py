"""A host's or tool's own configuration → bundles: a folder that has one needs no packager.yaml.

Source: the formats as in ``packager.emit``, which writes what is read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.core.document import read_text
from packager.core.errors import ConfigError, UsageError
from packager.core.jsontext import read_json
from packager.core.units import parse_size
from packager.model.project import BundleSpec
from packager.project.names import bundle_name, parse_arch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packager.model.targets import Arch

# File → (target, what people call it). Of several names for one thing the first that is there counts.
FILES: dict[str, tuple[str, str]] = {
    "now.json": ("now", "ZEIT Now"),
    "vercel.json": ("vercel", "Vercel"),
    "netlify.toml": ("netlify", "Netlify"),
    "up.json": ("up", "Apex Up"),
    "serverless.yml": ("aws-lambda", "Serverless Framework"),
    "serverless.yaml": ("aws-lambda", "Serverless Framework"),
    "template.yaml": ("aws-lambda", "AWS SAM"),
    "template.yml": ("aws-lambda", "AWS SAM"),
}
_PLUGIN = "let the plugin read the resolved configuration: packager emit serverless --plugin"
_SUFFIXES = (".js", ".mjs", ".cjs")


def detect_hosts(root: Path, target: str) -> tuple[str, tuple[BundleSpec, ...]]:
    """Return (file, bundles) of the host configuration in a folder; ("", ()) if there is none for the target.

    Raises ConfigError where two hosts are configured and the target does not choose, or a file cannot be read.
    """
    found: dict[str, list[BundleSpec]] = {}
    for file, (host, title) in FILES.items():
        # In the order of the table: of serverless.yml and serverless.yaml the framework, too, takes the first.
        if (target and host != target) or any(FILES[other][1] == title for other in found):
            continue
        text = read_text(root, file)
        if text is None:
            continue
        specs = list(_READERS[title](root, text, file))
        if specs:
            found[file] = specs
    if len(found) > 1:
        names = " and ".join(f"{file} ({FILES[file][1]})" for file in found)
        targets = list(dict.fromkeys(FILES[file][0] for file in found))
        fix = " or ".join(f"--target {name}" for name in targets) if len(targets) > 1 else "write a packager.yaml"
        msg = f"{names} are here: which of them is it for?"
        raise ConfigError(msg, where=str(root), fix=f"give {fix}" if len(targets) > 1 else fix)
    for file, specs in found.items():
        return file, tuple(specs)
    return "", ()


def _now(root: Path, text: str, file: str) -> Iterator[BundleSpec]:

    data = read_json(text, file)
    if data.get("version", 2) != 2:
        msg = f"version {data['version']!r} is not known here, only 2 is"
        raise ConfigError(msg, where=f"{file}: version", fix="see the host's guide for moving to version 2")
    builds = [build for build in data.get("builds") or [] if "node" in str(build.get("use", ""))]
    sizes = [build["config"]["maxLambdaSize"] for build in builds if "maxLambdaSize" in (build.get("config") or {})]
    try:
        budget = min((parse_size(size) for size in sizes), default=None)
    except UsageError as error:
        raise ConfigError(error.message, where=f"{file}: builds.config.maxLambdaSize", fix=error.fix) from error
    src = tuple(str(build.get("src", "")) for build in builds)
    environment = {str(name): "" for name in data.get("env") or {}}
    yield BundleSpec(bundle_name(root), "now", src=src, budget_bytes=budget, environment=environment)


def _vercel(root: Path, text: str, file: str) -> Iterator[BundleSpec]:

    functions = read_json(text, file).get("functions") or {}
    yield BundleSpec(bundle_name(root), "vercel", src=tuple(map(str, functions)))


def _up(root: Path, text: str, file: str) -> Iterator[BundleSpec]:

    data = read_json(text, file)
    if data.get("type") == "static":
        return
    words = str((data.get("proxy") or {}).get("command", "")).split()
    src = (words[1],) if len(words) == 2 and words[0] == "node" else ()
    runtime = str((data.get("lambda") or {}).get("runtime", ""))
    yield BundleSpec(str(data.get("name") or bundle_name(root)), "up", runtime=runtime, src=src)


def _netlify(root: Path, text: str, file: str) -> Iterator[BundleSpec]:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        data: dict[str, Any] = tomlkit.parse(text).unwrap()
    except TOMLKitError as error:
        raise ConfigError(str(error), where=file) from error
    named = (data.get("functions") or {}).get("directory") or (data.get("build") or {}).get("functions")
    folder = str(named or "netlify/functions").strip("/")
    src = []
    for path in sorted((root / folder).glob("*")) if (root / folder).is_dir() else ():
        if path.suffix in _SUFFIXES:
            src.append(path.relative_to(root).as_posix())
        for name in ("index", path.name):
            inner = [path / f"{name}{suffix}" for suffix in _SUFFIXES]
            src += [entry.relative_to(root).as_posix() for entry in inner if entry.is_file()][:1]
    if src:
        yield BundleSpec(bundle_name(root), "netlify", src=tuple(src))
    elif named and not str(named).strip("/").startswith("dist/"):
        msg = f"{folder} holds no functions"
        raise ConfigError(msg, where=f"{file}: functions.directory", fix="put NAME.js files there")


def _serverless(root: Path, text: str, file: str) -> Iterator[BundleSpec]:
    from packager.core.yamltext import read_yaml_text
    from packager.deploy_tools.serverless.config import layer_reference

    data = read_yaml_text(text, file)
    if "service" not in data:
        return
    provider, functions = data.get("provider") or {}, data.get("functions") or {}
    settings = (data.get("custom") or {}).get("packager") or {}
    recipes = settings.get("layers") or {}
    if not isinstance(functions, dict) or not isinstance(provider, dict):
        msg = "is taken from elsewhere or listed in several parts"
        raise ConfigError(
            msg, where=f"{file}: {'functions' if isinstance(provider, dict) else 'provider'}", fix=_PLUGIN
        )
    layers = {layer_reference(name): name for name in data.get("layers") or {} if name in recipes}
    common = (data.get("package") or {}).get("patterns") or []

    def value(holder: Any, key: str, where: str) -> str:
        found = str(holder.get(key) or provider.get(key) or "")
        if "${" in found:
            msg = f"{found} is known only to the framework"
            raise ConfigError(msg, where=f"{file}: {where}.{key}", fix=_PLUGIN)
        return found

    for name in layers.values():
        yield BundleSpec(
            name, "aws-lambda-layer", runtime=value({}, "runtime", "provider"), recipe=str(recipes[name]),
            arches=(_arch(value({}, "architecture", "provider"), file),),
        )  # fmt: skip
    for name, function in functions.items():
        where = f"functions.{name}"
        if not isinstance(function, dict):
            raise ConfigError("is taken from elsewhere", where=f"{file}: {where}", fix=_PLUGIN)  # noqa: EM101
        if "image" in function:
            continue
        used = [layers[ref] for ref in _references(function.get("layers")) if ref in layers]
        yield BundleSpec(
            str(name), "aws-lambda", runtime=value(function, "runtime", where),
            arches=(_arch(value(function, "architecture", where), file),), handler=value(function, "handler", where),
            include=tuple(map(str, [*common, *((function.get("package") or {}).get("patterns") or [])])),
            layers=tuple(used),
        )  # fmt: skip


def _sam(root: Path, text: str, file: str) -> Iterator[BundleSpec]:
    from packager.core.yamltext import read_yaml_text
    from packager.deploy_tools.sam import FUNCTION

    data = read_yaml_text(text, file)
    common = (data.get("Globals") or {}).get("Function") or {}
    for name, resource in (data.get("Resources") or {}).items():
        if not isinstance(resource, dict) or resource.get("Type") != FUNCTION:
            continue
        properties = {**common, **(resource.get("Properties") or {})}
        if properties.get("PackageType") == "Image" or "InlineCode" in properties:
            continue
        code = str(properties.get("CodeUri") or ".")
        if code.rstrip("/") not in (".", "") and not code.endswith(".zip"):
            msg = f"its code lies in {code}, a project of its own"
            fix = f"build that folder: packager build {code}, or write a packager.yaml"
            raise ConfigError(msg, where=f"{file}: Resources.{name}.CodeUri", fix=fix)
        arches = properties.get("Architectures") or ["x86_64"]
        yield BundleSpec(
            str(name), "aws-lambda", runtime=str(properties.get("Runtime") or ""),
            handler=str(properties.get("Handler") or ""), arches=(_arch(str(arches[0]), file),),
        )  # fmt: skip


def _references(layers: Any) -> list[str]:
    return [str(item.get("Ref", "")) for item in layers or [] if isinstance(item, dict)]


def _arch(text: str, file: str) -> Arch:
    return parse_arch(text or "x86_64", f"{file}: architecture")


_READERS = {
    "ZEIT Now": _now,
    "Vercel": _vercel,
    "Netlify": _netlify,
    "Apex Up": _up,
    "Serverless Framework": _serverless,
    "AWS SAM": _sam,
}
