"""The contract of a package manager: each of them, and one made up here, is asked the same questions."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from click.testing import CliRunner

from packager import package_managers
from packager.builders.cache_key import settled
from packager.builders.failures import invocation_failure
from packager.builders.registry_settings import surroundings
from packager.builders.running import CommandEnd
from packager.cli.build import build
from packager.core.errors import ConfigError
from packager.core.masking import Mask
from packager.languages.registry import LANGUAGES
from packager.model.builds import Invocation
from packager.model.package_managers import PackageManagerPlugin
from packager.model.plan import PackageManager
from packager.package_managers.choose import check_lock, manifest_of
from packager.package_managers.lock_shape import is_inside
from packager.package_managers.registry import PACKAGE_MANAGERS
from packager.select.trim.rulebook import rulebook
from tests.contracts.dummies import shelf
from tests.contracts.manager_kit import CASES, ManagerCase
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from packager.model.plan import Job

FOLDER = Path(package_managers.__file__).parent
DUMMY = "shelf"
MEMBERS = sorted(
    name for name in {*PackageManagerPlugin.__annotations__, *vars(PackageManagerPlugin)} if not name.startswith("_")
)
PLATFORMS = [("x86_64", "glibc"), ("arm64", "glibc"), ("arm64", "musl")]


@pytest.fixture
def dummy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the dummy."""
    monkeypatch.setitem(PACKAGE_MANAGERS, "shelf", shelf)


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> ManagerCase:
    """Return a package manager under test, registered."""
    assert isinstance(request.param, ManagerCase)
    if request.param.name == DUMMY:
        request.getfixturevalue("dummy")
    return request.param


@pytest.fixture
def plugin(case: ManagerCase) -> PackageManagerPlugin:
    return PACKAGE_MANAGERS[case.name]


@pytest.fixture
def root(case: ManagerCase, tmp_path: Path) -> Path:
    return write_project(tmp_path / "a project", case.files)


def job_of(case: ManagerCase, root: Path, **changes: Any) -> Job:
    lock_file = next(name for name in PACKAGE_MANAGERS[case.name].lock_files if (root / name).is_file())
    return make_job(root, manager=case.name, lock_file=lock_file, **{**case.changes, **changes})


def every_invocation(plugin: PackageManagerPlugin, job: Job) -> list[Invocation]:
    return [*plugin.install(job, run_scripts=True), *plugin.install(job, run_scripts=False), *plugin.prune(job)]


class TestPackageManager:
    """What every package manager has to answer, and how the answers go together."""

    def test_it_has_every_member_with_its_parameters(self, plugin: PackageManagerPlugin) -> None:
        for name in MEMBERS:
            wanted, own = getattr(PackageManagerPlugin, name, None), getattr(plugin, name)
            if inspect.isfunction(wanted):
                parameters = list(inspect.signature(wanted).parameters.values())[1:]
                assert [(one.name, one.kind) for one in inspect.signature(own).parameters.values()] == [
                    (one.name, one.kind) for one in parameters
                ], name

    def test_its_lock_files_are_its_own(self, plugin: PackageManagerPlugin) -> None:
        others = {file for one in PACKAGE_MANAGERS.values() if one is not plugin for file in one.lock_files}
        assert plugin.lock_files
        assert not others.intersection(plugin.lock_files)
        assert manifest_of(plugin.language) == plugin.manifest

    def test_its_lock_file_is_read_and_chosen(
        self, case: ManagerCase, plugin: PackageManagerPlugin, root: Path
    ) -> None:
        facts = plugin.read(root)
        assert (facts.manager, facts.lock_file in plugin.lock_files) == (case.name, True)
        assert dict(facts.packages).items() >= case.packages.items()
        assert check_lock(root, plugin.language) == facts

    def test_a_project_that_has_no_lock_file_is_told_what_to_do(
        self, case: ManagerCase, plugin: PackageManagerPlugin, root: Path
    ) -> None:
        for name in set(plugin.lock_files) - {plugin.manifest}:
            (root / name).unlink(missing_ok=True)
        if plugin.manifest not in plugin.lock_files:
            assert plugin.declares(root)
            with pytest.raises(ConfigError, match="there is no lock file") as caught:
                check_lock(root, plugin.language)
            assert caught.value.fix
        with pytest.raises(ConfigError):
            plugin.read(root, "no/such/member")

    def test_a_hostile_lock_file_is_refused_before_anything_is_started(
        self, case: ManagerCase, plugin: PackageManagerPlugin, root: Path
    ) -> None:
        job = job_of(case, root)
        for content in case.hostile.values():
            write_project(root, {job.lock_file: content})
            for ask in (lambda: plugin.read(root), lambda: plugin.prune(job)):
                with pytest.raises(ConfigError) as caught:
                    ask()
                assert caught.value.where.startswith(job.lock_file)
                assert caught.value.fix or "object" in caught.value.message
            assert all(one for one in plugin.integrity(root / job.lock_file))

    @pytest.mark.parametrize("builder", ["local", "docker"])
    def test_its_invocations_start_its_tools_and_nothing_else(
        self, case: ManagerCase, plugin: PackageManagerPlugin, root: Path, builder: str
    ) -> None:
        job = job_of(case, root, builder=builder)
        started = {one.argv[0] for one in every_invocation(plugin, job)}
        assert started <= set(plugin.tools(job))
        assert all("/" not in program for program in started)

    @pytest.mark.parametrize("builder", ["local", "docker"])
    def test_its_invocations_are_the_same_for_every_folder(
        self, case: ManagerCase, plugin: PackageManagerPlugin, root: Path, builder: str
    ) -> None:
        other = shutil.copytree(root, root.parent / "another")
        ours = every_invocation(plugin, job_of(case, root, builder=builder))
        assert ours == every_invocation(plugin, job_of(case, other, builder=builder))
        assert str(root) not in repr(ours)
        assert str(Path.home()) not in repr([one.environment for one in ours])

    def test_it_is_told_the_platform(self, case: ManagerCase, plugin: PackageManagerPlugin, root: Path) -> None:
        asked = {
            plugin.install(job_of(case, root, arch=arch, libc=libc), run_scripts=False) for arch, libc in PLATFORMS
        }
        assert len(asked) == len(PLATFORMS)

    def test_what_only_development_needs_is_pruned(
        self, case: ManagerCase, plugin: PackageManagerPlugin, root: Path
    ) -> None:
        pruned = plugin.prune(job_of(case, root))
        assert [one.purpose for one in pruned] == (["prune"] if case.development else [])
        assert all(case.development in one.argv[-1] for one in pruned)

    def test_what_it_calls_reproducible_is_kept(
        self, case: ManagerCase, plugin: PackageManagerPlugin, root: Path
    ) -> None:
        job = job_of(case, root)
        assert settled(job) == plugin.reproducible(job)
        assert plugin.reproducible(job) == (plugin.manifest != job.lock_file)

    def test_hashes_have_the_registrys_shape(self, case: ManagerCase, plugin: PackageManagerPlugin, root: Path) -> None:
        hashes = plugin.integrity(root / job_of(case, root).lock_file)
        for key, text in hashes.items():
            name, _, version = key.rpartition("@")
            assert is_inside(key) if "node_modules/" in key else (name in case.packages and version)
            assert re.fullmatch(r"sha\d+-[\w+/]+=*", text)
        (root / "broken").write_bytes(b"\xff{<<<")
        assert dict(plugin.integrity(root / "broken")) == dict(plugin.integrity(root / "missing")) == {}

    def test_why_it_fails_is_explained(self, plugin: PackageManagerPlugin) -> None:
        for cause in plugin.causes:
            assert re.compile(cause.pattern).groupindex.keys() == ({"detail"} if "{detail}" in cause.message else set())
            assert cause.fix

    def test_variables_that_its_settings_refer_to_come_along(self, plugin: PackageManagerPlugin, root: Path) -> None:
        for name in plugin.settings_files:
            write_project(root, {name: "token=${THE_TOKEN}\n"})
            found = surroundings({"THE_TOKEN": "x"}, root.parent, root)
            assert dict(found.registries) == {"THE_TOKEN": "x"}
            (root / name).unlink()

    def test_its_lock_file_is_packed_nowhere(self, case: ManagerCase, plugin: PackageManagerPlugin) -> None:
        if case.name == DUMMY:
            pytest.skip("the catalog does not know the dummy")
        rules = rulebook("any", "none", "own", "both")
        assert all(rules.rule(name) for name in plugin.lock_files if not name.endswith(".txt"))


def test_the_type_of_the_names_is_what_is_registered() -> None:
    assert set(get_args(PackageManager)) == set(PACKAGE_MANAGERS)


def test_the_manifest_is_the_languages() -> None:
    for plugin in PACKAGE_MANAGERS.values():
        assert plugin.manifest == LANGUAGES[plugin.language].manifest


def test_every_manager_is_tried() -> None:
    assert {case.name for case in CASES} - {DUMMY} == set(PACKAGE_MANAGERS)


def test_no_two_managers_share_a_variable_for_their_cache() -> None:
    variables = [plugin.cache_variable for plugin in PACKAGE_MANAGERS.values() if plugin.cache_variable]
    assert len(variables) == len(set(variables))


@pytest.mark.skipif(shutil.which("node") is None, reason="our own scripts are JavaScript")
@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.cjs")))
def test_a_script_in_javascript_is_one(name: str) -> None:
    subprocess.run(["node", "--check", str(FOLDER / name)], check=True)


@pytest.mark.parametrize("name", ["pip_run.py", "pip_tidy.py"])
def test_a_script_in_python_is_one_that_old_pythons_read(name: str) -> None:
    """Debian 11 has Python 3.9."""
    ast.parse((FOLDER / name).read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.mark.usefixtures("dummy")
def test_a_job_of_the_dummy_goes_through(tmp_path: Path) -> None:
    (case,) = (one for one in CASES if one.name == DUMMY)
    root = write_project(tmp_path / "app", case.files)

    arguments = [
        str(root),
        "--builder",
        "local",
        "--no-prove",
        "--arch",
        "arm64",
        "--out",
        str(tmp_path / "out"),
        "--json",
    ]
    ran = CliRunner().invoke(build, arguments)

    assert ran.exit_code == 0, ran.output
    (path,) = (tmp_path / "out").glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.read("shelf/a/it") == b"a arm64 glibc\n"
        assert "shelf/dev-b/it" not in archive.namelist()


@pytest.mark.usefixtures("dummy")
def test_a_failure_of_the_dummy_is_explained() -> None:
    ended = CommandEnd(1, "shelf: the shelf has no bread\n")

    fault = invocation_failure(Invocation("install", ("sh",)), ended, timeout_seconds=1, mask=Mask({}), free="")

    assert (fault.message, fault.fix) == ("ended with exit code 1: the shelf has no bread", "run `shelf fill`")
