"""Layer recipes: a folder with a ``layer.yaml``, from ``lambda_layers/`` or from the user."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packager.errors import ConfigError, UsageError
from packager.resources import bundled

RECIPE_FILE = "layer.yaml"


@dataclass(frozen=True)
class Recipe:
    """What a layer is made of."""

    name: str
    title: str
    folder: Path
    language: str
    """``nodejs`` or ``python``."""
    packages: tuple[str, ...]
    """Globs of the packages whose closure the layer carries."""
    standalone: bool
    """Whether the folder has its own package.json or requirements.txt to install from."""
    needs_project: bool
    """Whether it makes sense only with an app: its schema, its versions."""


def load_recipes() -> tuple[Recipe, ...]:
    """Return the recipes that come with packager, by name."""
    return tuple(read_recipe(path.parent) for path in sorted(bundled("lambda_layers").glob(f"*/{RECIPE_FILE}")))


def find_recipe(name: str, base: Path | None = None) -> Recipe:
    """Return a recipe by name, or by the path of its folder (relative to `base`). Raises UsageError with a guess."""
    folder = (base or Path()) / name
    if (folder / RECIPE_FILE).is_file():
        return read_recipe(folder)
    recipes = {recipe.name: recipe for recipe in load_recipes()}
    if name in recipes:
        return recipes[name]
    close = difflib.get_close_matches(name, recipes, n=1)
    guess = f", did you mean {close[0]!r}?" if close else ""
    msg = f"no recipe {name!r}{guess}"
    fix = f"recipes are: {', '.join(recipes)}; or give a folder that has a {RECIPE_FILE}"
    raise UsageError(msg, fix=fix)


def read_recipe(folder: Path) -> Recipe:
    """Return the recipe of a folder. Raises ConfigError naming file and key."""
    import yaml

    path = folder / RECIPE_FILE
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(str(error), where=str(path)) from error
    if not isinstance(data, dict):
        msg = "expected a mapping"
        raise ConfigError(msg, where=str(path))
    known = ("version", "name", "title", "language", "packages", "needs_project")
    for key in data:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, n=1)
            guess = f"did you mean {close[0]!r}? " if close else ""
            msg = "unknown key"
            raise ConfigError(msg, where=f"{path}: {key}", fix=f"{guess}keys are: {', '.join(known)}")
    name = str(data.get("name") or folder.resolve().name)
    packages = data.get("packages")
    if not isinstance(packages, list) or not packages or not all(isinstance(item, str) for item in packages):
        msg = "expected a list of package names"
        raise ConfigError(msg, where=f"{path}: packages")
    language = str(data.get("language", "nodejs"))
    if language not in ("nodejs", "python"):
        msg = f"unknown language {language!r}"
        raise ConfigError(msg, where=f"{path}: language", fix="languages are: nodejs, python")
    own = "package.json" if language == "nodejs" else "requirements.txt"
    return Recipe(
        name=name,
        title=str(data.get("title") or name),
        folder=folder.resolve(),
        language=language,
        packages=tuple(packages),
        standalone=(folder / own).is_file(),
        needs_project=bool(data.get("needs_project", False)),
    )
