"""The contract of a language: each of them, and one made up here, is asked the same questions."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, get_args, get_type_hints

import pytest

from packager.audit.judge import audit
from packager.catalog.current import load_catalog
from packager.catalog.trim_rules import trim_rules
from packager.core.errors import ConfigError
from packager.languages.registry import DEFAULT_LANGUAGE, LANGUAGES, UNKNOWN_LANGUAGE, with_layout
from packager.model.generators import Engine
from packager.model.languages import LanguagePlugin
from packager.model.proof import CannotProve
from packager.model.targets import Language, Runtime
from packager.model.trim_rules import TrimRules
from packager.planning.planner import make_plan
from packager.project.detect import detect_project
from packager.project.files import language_of
from packager.prove.loaders import scripts
from packager.prove.running.natives import extension_modules
from tests.contracts.dummies import quill
from tests.contracts.language_kit import CASES, Finds, LanguageCase, catalog_with
from tests.support.fakes import NO_DOCKER
from tests.support.mounts import mounted
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.catalog import Catalog
    from packager.model.plan import Bundle
    from packager.model.targets import Target

MEMBERS = sorted(
    name
    for part in LanguagePlugin.__mro__
    for name in {*vars(part).get("__annotations__", {}), *vars(part)}
    if part.__module__ == LanguagePlugin.__module__ and not name.startswith("_")
)


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> LanguageCase:
    """Return a language under test, registered."""
    assert isinstance(request.param, LanguageCase)
    if request.param.name == "quill":
        monkeypatch.setitem(LANGUAGES, "quill", quill)
    return request.param


@pytest.fixture
def language(case: LanguageCase) -> LanguagePlugin:
    return LANGUAGES[case.name]


@pytest.fixture
def catalog(case: LanguageCase) -> Catalog:
    return catalog_with(case)


@pytest.fixture
def target(case: LanguageCase, catalog: Catalog) -> Target:
    return catalog.target("aws-lambda", case.runtime, "x86_64")


@pytest.fixture
def root(case: LanguageCase, tmp_path: Path) -> Path:
    return write_tree(tmp_path / "app", case.files)


class TestLanguage:
    """What every language has to answer, and how the answers go together."""

    def test_it_has_every_member_with_its_parameters(self, language: LanguagePlugin) -> None:
        for name in MEMBERS:
            wanted = getattr(LanguagePlugin, name, None)
            if callable(wanted):
                given = inspect.signature(getattr(language, name)).parameters
                assert list(given) == list(inspect.signature(wanted).parameters)[1:], name
            else:
                assert not callable(getattr(language, name)), name

    def test_its_projects_are_recognised(self, case: LanguageCase, root: Path, tmp_path: Path) -> None:
        assert language_of(root) == case.name
        assert language_of(tmp_path) == ""

    def test_its_handler_is_found_and_accepted(self, case: LanguageCase, language: LanguagePlugin, root: Path) -> None:
        assert language.find_handler(root, compiles=False) == case.handler
        language.check_handler(root, case.handler, "bundles.app.handler", compiles=False)
        assert case.handler.rpartition(".")[0] in language.usual_handlers or language.bootstrap == case.handler

    def test_an_empty_folder_has_no_handler(self, language: LanguagePlugin, tmp_path: Path) -> None:
        assert language.find_handler(tmp_path, compiles=True) == language.bootstrap

    def test_a_handler_that_is_not_there_is_refused_by_its_key_or_left_to_the_audit(
        self, language: LanguagePlugin, tmp_path: Path
    ) -> None:
        try:
            language.check_handler(tmp_path, "no/such.handler", "bundles.app.handler", compiles=False)
        except ConfigError as error:
            assert error.where == "bundles.app.handler"
            assert error.fix

    def test_the_runtime_looks_where_the_handler_is(self, case: LanguageCase, language: LanguagePlugin) -> None:
        stem, export = language.split_handler(case.handler)
        if language.bootstrap:
            assert (stem, language.handler_files(stem)) == ("", ())
        else:
            assert case.starts in language.handler_files(stem)
            assert export in case.files[case.starts]
            assert case.starts.endswith(language.source_suffixes)
            assert any(case.starts == stem + ending for ending in language.handler_endings)

    @pytest.mark.parametrize("text", ["", ".", "/", ".handler", "a/", "handler", "a.b.c", "../a.b"])
    def test_no_text_breaks_the_handler(self, language: LanguagePlugin, text: str) -> None:
        stem, export = language.split_handler(text)
        assert text.startswith(stem)
        assert text.endswith(export)
        assert isinstance(language.handler_files(stem), tuple)

    def test_a_project_is_planned_without_any_configuration(
        self, case: LanguageCase, root: Path, catalog: Catalog
    ) -> None:
        bundle = _planned(root, catalog)

        assert (bundle.target.language, bundle.handler, bundle.target.runtime) == (
            case.name,
            case.handler,
            case.runtime,
        )
        assert bundle.job.language == case.name

    def test_the_audit_finds_the_handler_and_misses_it(
        self, case: LanguageCase, language: LanguagePlugin, target: Target
    ) -> None:
        code = "HND004" if language.bootstrap else "HND001"
        files = {path: text.encode() for path, text in case.files.items()}

        assert code not in _codes(files, target, case.handler)
        del files[case.starts]
        assert code in _codes(files, target, case.handler)

    def test_native_files_are_told_by_their_paths(self, case: LanguageCase, language: LanguagePlugin) -> None:
        assert {path: language.opens_native(path, case.version) for path in case.natives} == case.natives

    def test_only_what_was_asked_about_is_unimportable(self, case: LanguageCase, language: LanguagePlugin) -> None:
        paths = tuple(case.natives)
        found = list(language.unimportable(paths, case.version))
        assert {path for path, _ in found} <= {path for path in paths if not case.natives[path]}
        assert all(built_for for _, built_for in found)

    def test_extension_modules_are_found_where_there_are_any(
        self, case: LanguageCase, language: LanguagePlugin, target: Target, tmp_path: Path
    ) -> None:
        write_tree(tmp_path, dict.fromkeys(case.natives, ""))
        wanted = [path for path in sorted(case.natives) if path.endswith(language.extension_suffix or "\0")]
        assert list(extension_modules(target, tmp_path)) == wanted

    def test_imports_are_relative_and_what_is_asked_for_is_tried(self, language: LanguagePlugin) -> None:
        text = "require('./a'); require('b'); import './c'\nfrom . import d\n"
        assert all(name.startswith(".") for name in language.relative_imports(text))
        assert "lib/a" in language.import_candidates("lib/a")

    def test_packages_of_a_layer_lie_where_they_are_read(
        self, case: LanguageCase, language: LanguagePlugin, catalog: Catalog
    ) -> None:
        path = f"{language.layer_packages or 'lib'}/a/b.txt"
        layer = catalog.target("aws-lambda-layer", case.runtime, "x86_64")

        assert language.layer_packages.startswith(language.layer_folder)
        assert language.reads_in_layer(path)
        assert not {"LAY001", "LAY002"} & _codes({path: b""}, layer, "")
        assert "version" in language.layer_pattern.groupindex

    def test_what_is_misplaced_in_a_layer_is_said_to_belong_elsewhere(
        self, case: LanguageCase, language: LanguagePlugin, catalog: Catalog
    ) -> None:
        layer = catalog.target("aws-lambda-layer", case.runtime, "x86_64")
        for name in language.layer_misplaced:
            found = audit([mounted({f"{name}/x/y": b""}, "/opt")], layer, whole=True)
            assert any(language.layer_packages in finding.fix for finding in found), name

    def test_its_loader_is_there(self, case: LanguageCase, language: LanguagePlugin) -> None:
        for name in scripts.files(case.name):
            assert (scripts.FOLDER / name).is_file()
        assert not language.proof.tracer or language.proof.tracer in language.proof.beside
        assert bool(language.proof.tracer) == bool(language.proof.preload)
        assert bool(language.bootstrap) or language.proof.program in language.commands(case.version)

    def test_its_interpreter_is_of_the_version_or_there_is_a_reason(
        self, case: LanguageCase, language: LanguagePlugin
    ) -> None:
        path, title = language.find_interpreter(case.version, Finds(case.version or "1"))

        assert path.is_absolute()
        assert case.version in title
        with pytest.raises(CannotProve) as caught:
            language.find_interpreter(case.version, Finds(""))
        assert case.version in str(caught.value)

    def test_advice_is_given_for_every_file_it_claims(
        self, case: LanguageCase, language: LanguagePlugin, target: Target
    ) -> None:
        for path in case.natives:
            claimed = language.claims(path, at_home=True)
            advice = language.install_advice("some-package", target)
            assert not claimed or "some-package" in advice
            assert language.claims(path, at_home=False) <= claimed

    def test_programs_of_builds_tell_their_versions(self, language: LanguagePlugin) -> None:
        assert all(len(argv) > 1 for argv in language.build_programs)
        assert bool(language.manifest) == bool(language.build_programs)

    def test_rules_of_packages_are_there_where_packages_are(self, case: LanguageCase, language: LanguagePlugin) -> None:
        has_rules = any(file.language == case.name for file in trim_rules())
        assert has_rules == (language.package_layout != "none")
        assert (case.name in with_layout(language.package_layout)) and language.cdk_family.isupper()


def test_the_case_of_every_language_is_there() -> None:
    assert [case.name for case in CASES] == [*LANGUAGES, "quill"]


def test_the_names_of_the_model_and_the_catalog_are_those_of_the_languages() -> None:
    assert get_args(Language) == tuple(LANGUAGES)
    assert {*get_args(get_type_hints(TrimRules)["language"])} == {
        "any",
        *with_layout("folders"),
        *with_layout("shared"),
    }
    for shape in (Runtime, Engine):
        assert shape.__annotations__["language"] == "Language"
    for host in load_catalog().hosts.values():
        assert {*host.default_runtimes, *host.layer_paths, *dict(host.system.language_environment)} <= LANGUAGES.keys()
        assert {runtime.language for runtime in host.runtimes.values()} <= LANGUAGES.keys()


def test_what_is_taken_where_nothing_speaks_for_a_language_is_one() -> None:
    assert {DEFAULT_LANGUAGE, UNKNOWN_LANGUAGE} <= LANGUAGES.keys()
    assert LANGUAGES[UNKNOWN_LANGUAGE].bootstrap


def _planned(root: Path, catalog: Catalog) -> Bundle:
    (bundle,) = make_plan(detect_project(root), catalog, NO_DOCKER).bundles
    return bundle


def _codes(files: dict[str, bytes], target: Target, handler: str) -> set[str]:
    root = target.system.layer_root if target.kind == "layer" else target.system.function_root
    return {finding.code for finding in audit([mounted(files, root)], target, handler=handler, whole=True)}
