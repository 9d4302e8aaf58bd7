"""Layer recipes: those that come along, and people's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ConfigError, UsageError
from packager.project.recipes import find_recipe, load_recipes, read_recipe
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path


def test_our_own_recipes_are_complete() -> None:
    recipes = {recipe.name: recipe for recipe in load_recipes()}

    assert {"prisma-client", "sharp"} <= recipes.keys()
    for name, recipe in recipes.items():
        assert recipe.folder.name == name
        assert recipe.standalone or recipe.needs_project
        assert recipe.title != name
        assert (recipe.folder / "README.md").is_file()


def test_a_recipe_is_found_by_name_or_by_folder(tmp_path: Path) -> None:
    write_tree(tmp_path / "layers/pg", {"layer.yaml": "packages: pg", "package.json": package_json()})

    own = find_recipe("layers/pg", tmp_path)

    assert (own.name, own.packages, own.language, own.standalone) == ("pg", ("pg",), "nodejs", True)
    assert find_recipe("sharp", tmp_path).packages == ("sharp",)
    assert find_recipe(str(tmp_path / "layers/pg")) == own


def test_a_misprint_is_guessed_at(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no recipe 'shrap', did you mean 'sharp'") as caught:
        find_recipe("shrap", tmp_path)

    assert "prisma-client" in caught.value.fix


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("packages: [a]\nlanguge: nodejs", ": languge", "unknown key"),
        ("packages: []", ": packages", "expected a list of package names"),
        ("title: x", ": packages", "expected a list of package names"),
        ("packages: [1]", ": packages[0]", "expected text, found a number"),
        ("packages: {a: 1}", ": packages", "expected text or a list, found a mapping"),
        ("packages: [a]\nlanguage: ruby", ": language", "unknown value 'ruby'"),
        ("packages: [a]\nversion: 2", ": version", "version 2 is not supported"),
        ("packages: [a]\nneeds_project: maybe", ": needs_project", "expected true or false"),
        ("packages: [a]\nname: ../../escape", ": name", "must be a file name"),
        ("- a", "", "expected a mapping, found a list"),
        ("a: [", "", ""),
    ],
)
def test_mistakes_are_named_with_file_and_key(tmp_path: Path, text: str, key: str, message: str) -> None:
    write_tree(tmp_path / "mine", {"layer.yaml": text})

    with pytest.raises(ConfigError) as caught:
        read_recipe(tmp_path / "mine")

    assert f"layer.yaml{key}" in caught.value.where
    assert message in caught.value.message


def test_a_python_recipe_stands_alone_by_its_requirements(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"layer.yaml": "language: python\npackages: [numpy]", "requirements.txt": "numpy"})
    write_tree(tmp_path / "b", {"layer.yaml": "language: python\npackages: [numpy]", "package.json": "{}"})

    assert read_recipe(tmp_path / "a").standalone
    assert not read_recipe(tmp_path / "b").standalone
