"""Which folder a bundle is installed from, and what is known of it: each folder is surveyed once in a planning run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.project.survey import survey

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.catalog import Catalog
    from packager.model.project import BundleSpec, Project, Survey
    from packager.project.recipes import Recipe


class Sources:
    """The folders of one planning run; what is found in them is said in `notes`, one line each."""

    def __init__(self, project: Project, catalog: Catalog, notes: list[str]) -> None:
        self.project = project
        self.catalog = catalog
        self.notes = notes
        self._surveys: dict[tuple[Path, str], Survey] = {}

    def folder(self, spec: BundleSpec, recipe: Recipe | None, where: str) -> Path:
        """Return the folder to install in: the app's, or a standalone recipe's if the app lacks its packages."""
        if recipe is None:
            return self.project.root
        if recipe.standalone and not recipe.needs_project:
            present = self.survey(self.project.root).packages if self.project.root != recipe.folder else {}
            if not any(name in present for name in recipe.packages):
                self.notes.append(f"{spec.name}: recipe {recipe.name} installs its own packages")
                return recipe.folder
        if recipe.needs_project:
            missing = [name for name in recipe.packages if "*" not in name]
            present = self.survey(self.project.root).packages
            if present and not any(name in present for name in missing):
                msg = f"recipe {recipe.name} needs an app that uses {missing[0]}, but this one does not"
                fix = f"run `npm install {missing[0]}`, or name another recipe"
                raise ConfigError(msg, where=f"{where}.recipe", fix=fix)
        return self.project.root

    def survey(self, source: Path, language: str = "") -> Survey:
        """Return what a folder holds, as seen by one language; by default the one its files speak of."""
        key = (source, language)
        if key not in self._surveys:
            generate = self.project.generate
            facts = survey(
                source, self.catalog, language, commands=generate.command or (), environment=generate.environment
            )
            self._surveys[key] = facts
            self.notes.extend(facts.notes)
            for engine in facts.engines:
                schemas = dict.fromkeys(client.schema_file for client in facts.clients if client.engine == engine)
                schema = f", schema {', '.join(schemas)}" if schemas else ""
                self.notes.append(f"engine: {engine.title}{schema}")
        return self._surveys[key]
