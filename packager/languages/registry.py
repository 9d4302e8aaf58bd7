"""The languages by name, and what is asked of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.languages import custom
from packager.languages.nodejs import plugin as nodejs
from packager.languages.python import plugin as python

if TYPE_CHECKING:
    from packager.model.languages import LanguagePlugin, PackageLayout

LANGUAGES: dict[str, LanguagePlugin] = {
    "nodejs": nodejs,
    "python": python,
    "provided": custom,
}
"""In the order in which a folder is asked whether it speaks one."""
DEFAULT_LANGUAGE = "nodejs"
"""What a folder is taken for where a language must be named and nothing speaks for one."""
UNKNOWN_LANGUAGE = "provided"
"""What a folder is surveyed as where nothing speaks for a language."""


def with_layout(layout: PackageLayout) -> tuple[str, ...]:
    """Return the names of the languages whose packages are laid out so."""
    return tuple(name for name, language in LANGUAGES.items() if language.package_layout == layout)
