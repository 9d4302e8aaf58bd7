"""Layer recipes: a folder with a ``layer.yaml``, from ``lambda_layers/`` or from the user."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from packager.core.document import Section, read_yaml
from packager.core.errors import ConfigError, UsageError
from packager.core.resources import RECIPE_FILE, bundled
from packager.languages.registry import DEFAULT_LANGUAGE, LANGUAGES
from packager.project.names import check_name


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
    msg = f"there is no recipe {name!r}{guess}"
    fix = f"use one of: {', '.join(recipes)}; or give a folder that has a {RECIPE_FILE}"
    raise UsageError(msg, fix=fix)


def read_recipe(folder: Path) -> Recipe:
    """Return the recipe of a folder. Raises ConfigError naming file and key."""
    path = folder / RECIPE_FILE
    section = Section(read_yaml(path), str(path))
    section.only("version", "name", "title", "language", "packages", "needs_project")
    version = section.get("version", int, default=1)
    if version != 1:
        raise ConfigError(f"version {version} is not supported, only 1 is", where=section.key("version"))  # noqa: EM102
    name = section.get("name", str, default=folder.resolve().name)
    check_name(name, section.key("name"))
    packages = section.strings("packages")
    if not packages:
        raise ConfigError("expected a list of package names", where=section.key("packages"))  # noqa: EM101
    manifests = {name: language.manifest for name, language in LANGUAGES.items() if language.manifest}
    language = section.choice("language", tuple(manifests), default=DEFAULT_LANGUAGE)
    return Recipe(
        name=name,
        title=section.get("title", str, default=name),
        folder=folder.resolve(),
        language=language,
        packages=packages,
        standalone=(folder / manifests[language]).is_file(),
        needs_project=section.get("needs_project", bool, default=False),
    )
