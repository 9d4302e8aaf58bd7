"""What every configuration format keeps to.

Twice is once, the user's own stays, contradictions are shown; what is read is what was written, and each key that is
said to be unused is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import tomlkit
import yaml
from click.testing import CliRunner

from packager.cli.emit import emit
from packager.core.errors import ConfigError
from packager.hosts.registry import CONFIG_FORMATS
from tests.support.projects import NODE_HANDLER, NODE_MODULE, emitted, node_project, plan_of
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.catalog import Catalog
    from packager.model.configs import ForeignConfig
    from packager.model.plan import Bundle

LAMBDA = """\
bundles:
  engine: {target: aws-lambda-layer, recipe: prisma-client, runtime: nodejs22.x}
  api: {target: aws-lambda, runtime: nodejs22.x, handler: fn.handler, layers: [engine], environment: {TOKEN: x}}
"""
LAMBDA_ALONE = "bundles: {Api: {target: aws-lambda, runtime: nodejs22.x, handler: fn.handler}}\n"
JSON_KEY = ("{\n", '{\n  "x-ours": {"why": "because"},\n')


@dataclass(frozen=True)
class Case:
    """What one name emits, and what a user may do to it."""

    bundles: str
    """packager.yaml."""
    additions: dict[str, tuple[str, str]]
    """File → (text, what a user makes of it): comments and keys that concern no other tool."""
    contradiction: tuple[str, str, str] | None
    """(file, text, what cannot be so); None where whatever the user says is kept."""
    dependencies: dict[str, str] = field(default_factory=dict)
    reads_back: bool = False
    """Whether what is written is read as the bundles it was written for."""
    sample: tuple[str, str] = ("", "")
    """(file, text): one of a user's, with keys that are read and keys that are not; ("", "") where nothing is read."""
    unused: tuple[str, ...] = ()
    """Of `sample`, in its order."""


CASES = {
    "now": Case("bundles: {web: {target: now, src: index.js}}\n", {"now.json": JSON_KEY}, None, reads_back=True,
        sample=(
            "now.json",
            """{"version": 2, "name": "shop", "alias": ["a"], "env": {"TOKEN": "@token"},
            "builds": [{"src": "index.js", "use": "@now/node", "config": {"maxLambdaSize": "25mb", "bundle": true}},
                       {"src": "www/**", "use": "@now/static"}],
            "routes": [{"src": "/(.*)", "dest": "index.js"}]}""",
        ),
        unused=("name", "alias", "builds[0].config.bundle", "builds[1]", "routes"),
    ),
    "vercel": Case(
        "bundles: {web: {target: vercel, src: index.js}}\n",
        {
            ".vercel/output/config.json": ('"routes": [', '"routes": [\n    {"src": "/x", "status": 404},'),
            ".vercel/output/functions/index.func/.vc-config.json": ("{\n", '{\n  "memory": 1024,\n'),
        },
        (".vercel/output/functions/index.func/.vc-config.json", '"x86_64"', '"arm64"'),
        sample=(
            "vercel.json",
            """{"functions": {"index.js": {"memory": 1024}, "api/a.js": {}}, "routes": [{"src": "/x", "status": 404}],
            "crons": [{"path": "/api/a", "schedule": "0 5 * * *"}]}""",
        ),
        unused=("functions.index.js.memory", "routes", "crons"),
    ),
    "netlify": Case(
        "bundles: {web: {target: netlify, src: fn.js}}\n",
        {"netlify.toml": ("[functions]", '# the site\n[build]\npublish = "www" # page\n\n[functions]')},
        ("netlify.toml", '"dist/netlify/functions"', '"lib"'),
        sample=(
            "netlify.toml",
            """[build]\npublish = "www"\nfunctions = "old"\n
[functions]\ndirectory = "lib"\n[functions."x*"]\nincluded_files = ["a"]\n
[[redirects]]\nfrom = "/a"\nto = "/b"\n""",
        ),
        unused=("build.publish", "build.functions", "functions.x*", "redirects"),
    ),
    "google-cloud-functions": Case(
        "bundles: {web: {target: google-cloud-functions, handler: fn.handler}}\n",
        {"package.json": ("{", '{"x-ours": 1, '), ".gcloudignore": (".git\n", "# ours\n*.md\n.git\n")},
        ("package.json", '"fn.js"', '"other.js"'),
        {"@google-cloud/functions-framework": "1.0.0"},
    ),
    "up": Case(
        "bundles: {web: {target: up, src: index.js}}\n",
        {"up.json": JSON_KEY, ".upignore": ("# packager", "# ours\n*.md\n# packager")},
        ("up.json", '"nodejs22.x"', '"nodejs20.x"'),
        reads_back=True,
        sample=(
            "up.json",
            """{"name": "shop", "profile": "me", "lambda": {"runtime": "nodejs20.x", "memory": 512},
            "proxy": {"command": "node index.js", "timeout": 15}, "stages": {"production": {"domain": "x.org"}}}""",
        ),
        unused=("profile", "lambda.memory", "proxy.timeout", "stages"),
    ),
    "serverless": Case(
        LAMBDA,
        {"serverless.yml": ("functions:\n", "# ours\ncustom: {x: 'y'} # quoted\nfunctions:\n")},
        ("serverless.yml", "dist/api.zip", "other.zip"),
        {"@prisma/client": "1.0.0"},
        reads_back=True,
        sample=(
            "serverless.yml",
            """\
service: shop
frameworkVersion: "4"
provider: {name: aws, runtime: nodejs22.x, architecture: arm64, memorySize: 512}
custom: {packager: {layers: {engine: prisma-client, gone: prisma-client}}, stage: dev}
package: {patterns: ["!**", "fn.js"], individually: true}
layers: {engine: {path: .}, other: {path: x}}
functions:
  one:
    handler: fn.handler
    layers: [{Ref: EngineLambdaLayer}, "arn:aws:lambda:eu-west-1:123456789012:layer:x:1"]
    events: [{http: {path: /}}]
  two: {handler: index.handler, runtime: nodejs20.x, architecture: x86_64, package: {patterns: [index.js]}}
  image: {image: 1.dkr.ecr.eu-west-1.amazonaws.com/x}
resources: {Outputs: {}}
""",
        ),
        unused=(
            "frameworkVersion", "provider.name", "provider.memorySize", "custom.packager.layers.gone", "custom.stage",
            "package.individually", "layers.engine.path", "layers.other", "functions.one.layers[1]",
            "functions.one.events", "functions.image", "resources",
        ),
    ),
    "sam": Case(
        LAMBDA,
        {"template.yaml": ("Resources:\n", "Parameters: {Stage: {Type: String}} # ours\nResources:\n")},
        ("template.yaml", "dist/api.zip", "src/"),
        {"@prisma/client": "1.0.0"},
        reads_back=True,
        sample=(
            "template.yaml",
            """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Stage: {Type: String}}
Globals: {Function: {Runtime: nodejs22.x, Timeout: 30}, Api: {Cors: "*"}}
Resources:
  Api:
    Type: AWS::Serverless::Function
    Metadata: {SkipBuild: true}
    Properties: {Handler: fn.handler, CodeUri: ., Architectures: [arm64, x86_64], MemorySize: 512}
  Inline: {Type: "AWS::Serverless::Function", Properties: {Handler: index.handler, InlineCode: "x"}}
  Table: {Type: "AWS::DynamoDB::Table"}
""",
        ),
        unused=(
            "Transform", "Parameters", "Globals.Function.Timeout", "Globals.Api", "Resources.Api.Metadata",
            "Resources.Api.Properties.Architectures[1]", "Resources.Api.Properties.MemorySize", "Resources.Inline",
            "Resources.Table",
        ),
    ),
    "terraform": Case(
        LAMBDA,
        {"packager.tf.json": ("{\n", '{\n  "//": "ours",\n  "locals": {"x": 1},\n')},
        ("packager.tf.json", "/dist/api.zip", "/other.zip"),
        {"@prisma/client": "1.0.0"},
    ),
    # A program is wholly ours or not at all: every edit is a contradiction.
    "cdk": Case(LAMBDA, {}, ("packager-cdk.ts", "memorySize: 512", "memorySize: 1024"), {"@prisma/client": "1.0.0"}),
    "dummy": Case(
        "bundles: {web: {target: dummy, src: index.js}}\n",
        {"dummy.json": JSON_KEY},
        ("dummy.json", '"index.js"', '"fn.js"'),
        reads_back=True,
        sample=("dummy.json", '{"start": {"web": "index.js"}, "memory": 512}'),
        unused=("memory",),
    ),
    "dummy-tool": Case(
        "bundles: {api: {target: aws-lambda, handler: fn.handler}}\n",
        {"dummy-tool.yaml": ("functions:\n", "# ours\nstage: 'dev' # quoted\nfunctions:\n")},
        ("dummy-tool.yaml", "dist/api.zip", "other.zip"),
        reads_back=True,
        sample=(
            "dummy-tool.yaml",
            "stage: dev\nfunctions: {api: {handler: fn.handler, runtime: nodejs22.x, arch: arm64, memory: 1}}\n",
        ),
        unused=("stage", "functions.api.memory"),
    ),
}  # fmt: skip
NAMES = list(CASES)


def project(root: Path, name: str) -> Path:
    """Write the project of a name."""
    case = CASES[name]
    files = {"index.js": NODE_MODULE, "fn.js": NODE_HANDLER, "packager.yaml": case.bundles}
    return node_project(root, files, dependencies=case.dependencies)


def edit(root: Path, file: str, old: str, new: str) -> str:
    """Change a file as a user would and return its text."""
    text = (root / file).read_text()
    assert old in text, f"{file} has no {old!r}:\n{text}"
    changed = text.replace(old, new, 1)
    write_tree(root, {file: changed})
    return changed


def test_every_name_is_tried() -> None:
    assert set(CASES) == set(CONFIG_FORMATS)


def described(bundle: Bundle) -> tuple[object, ...]:
    """Return what a configuration can say of a bundle."""
    target = bundle.target
    return bundle.name, bundle.kind, target.name, target.runtime, target.arch, bundle.handler, bundle.entries


def read_sample(root: Path, name: str) -> ForeignConfig:
    """Return what a format reads of the user's file of its case."""
    files = {"index.js": NODE_MODULE, "fn.js": NODE_HANDLER, "lib/fn.js": NODE_HANDLER}
    write_tree(root, {**files, CASES[name].sample[0]: CASES[name].sample[1]})
    said = CONFIG_FORMATS[name].read(root)
    assert said is not None
    assert said.specs
    return said


def read_again(root: Path, name: str) -> tuple[object, tuple[str, ...]]:
    """Return (bundles, unused keys), for bundles the refusal where the file is refused."""
    try:
        said = CONFIG_FORMATS[name].read(root)
    except ConfigError as error:
        return error, ()
    return (said.specs, said.unused) if said else (None, ())


def parsed(file: str, text: str) -> Any:
    """Return the document."""
    return tomlkit.parse(text).unwrap() if file.endswith(".toml") else yaml.safe_load(text)


def dumped(file: str, document: Any) -> str:
    """Return the text; JSON is YAML, too."""
    return tomlkit.dumps(document) if file.endswith(".toml") else json.dumps(document)


def keys_of(document: Any, at: str = "") -> list[str]:
    """Return the paths of all keys and items, spelled as unused keys are."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    found = []
    for key, value in pairs:
        path = f"{at}[{key}]" if isinstance(document, list) else f"{at}.{key}".removeprefix(".")
        found.append(path)
        if isinstance(value, (dict, list)):
            found += keys_of(value, path)
    return found


def located(document: Any, path: str, at: str = "") -> tuple[Any, Any]:
    """Return (mapping or list, key) of a path."""
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        here = f"{at}[{key}]" if isinstance(document, list) else f"{at}.{key}".removeprefix(".")
        if here == path:
            return document, key
        if isinstance(value, (dict, list)) and path.startswith((f"{here}.", f"{here}[")):
            return located(value, path, here)
    raise AssertionError(path)


def value_at(document: Any, path: str) -> Any:
    """Return what a path leads to."""
    holder, key = located(document, path)
    return holder[key]


def without(document: Any, path: str) -> None:
    """Take a key or item away."""
    holder, key = located(document, path)
    del holder[key]


def with_another_value(document: Any, path: str) -> None:
    """Give a key or item a value that is never meant."""
    holder, key = located(document, path)
    holder[key] = "made up"


@pytest.mark.parametrize("name", NAMES)
class TestConfigFormat:
    """The contract of a configuration format."""

    def test_the_catalog_knows_its_targets_and_its_files_are_its_own(self, dummies: Catalog, name: str) -> None:
        wanted = CONFIG_FORMATS[name]
        assert set(wanted.TARGETS) <= set(dummies.target_names)
        others = {file for other, each in CONFIG_FORMATS.items() if other != name for file in each.FILES}
        assert wanted.TITLE
        assert not others & set(wanted.FILES)
        assert bool(wanted.FILES) == bool(CASES[name].sample[0])

    def test_writing_twice_changes_no_byte(self, tmp_path: Path, name: str) -> None:
        first = emitted(project(tmp_path, name), name)
        assert emitted(tmp_path, name) == first

    def test_nothing_is_read_where_nothing_is(self, tmp_path: Path, name: str) -> None:
        assert CONFIG_FORMATS[name].read(tmp_path) is None

    def test_what_was_written_is_read_as_the_bundles_it_was_written_for(self, tmp_path: Path, name: str) -> None:
        case = CASES[name]
        project(tmp_path, name)
        # A layer of ours is an artifact there, and no recipe: functions are what comes back.
        (tmp_path / "packager.yaml").write_text(
            LAMBDA_ALONE if case.bundles == LAMBDA else case.bundles.replace("web:", "app:")
        )
        emitted(tmp_path, name)
        wanted = [described(bundle) for bundle in plan_of(tmp_path).bundles]
        said = CONFIG_FORMATS[name].read(tmp_path)
        if not case.reads_back:
            assert said is None or not said.specs
            return
        (tmp_path / "packager.yaml").unlink()
        assert said is not None
        assert said.file in CONFIG_FORMATS[name].FILES
        assert [described(bundle) for bundle in plan_of(tmp_path).bundles] == wanted


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.sample[0]])
class TestReading:
    """The contract of a format that a project is found by."""

    def test_keys_no_bundle_is_made_of_are_listed_in_their_order(self, tmp_path: Path, name: str) -> None:
        assert read_sample(tmp_path, name).unused == CASES[name].unused

    def test_without_the_unused_keys_the_same_is_read_and_each_other_value_counts(
        self, tmp_path: Path, name: str
    ) -> None:
        """The list is not believed: what is in it is taken away, and each value that is not is made another."""
        file, text = CASES[name].sample
        said = read_sample(tmp_path, name)
        document = parsed(file, text)
        for path in reversed([path for path in keys_of(document) if path in said.unused]):
            without(document, path)
        (tmp_path / file).write_text(dumped(file, document))
        assert read_again(tmp_path, name) == (said.specs, ())

        values = [path for path in keys_of(document) if not isinstance(value_at(document, path), (dict, list))]
        for path in values:
            outcomes = []
            for change in (without, with_another_value):
                changed = parsed(file, dumped(file, document))
                change(changed, path)
                (tmp_path / file).write_text(dumped(file, changed))
                outcomes.append(read_again(tmp_path, name)[0])
            assert outcomes != [said.specs, said.specs], f"{path} changes nothing"


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.additions])
def test_comments_and_keys_of_the_users_stay_to_the_byte(tmp_path: Path, name: str) -> None:
    emitted(project(tmp_path, name), name)
    wanted = {file: edit(tmp_path, file, *change) for file, change in CASES[name].additions.items()}
    found = emitted(tmp_path, name)
    assert {file: found[file] for file in wanted} == wanted


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.contradiction])
def test_an_edit_that_contradicts_is_refused_with_a_diff_and_left_alone(tmp_path: Path, name: str) -> None:
    first = emitted(project(tmp_path, name), name)
    file, ours, theirs = CASES[name].contradiction or ("", "", "")
    text = edit(tmp_path, file, ours, theirs)
    with pytest.raises(ConfigError) as caught:
        emitted(tmp_path, name)
    assert file in caught.value.where
    shown = caught.value.message.splitlines()
    assert [line for line in shown if line.startswith("-") and theirs.strip('"') in line]
    assert [line for line in shown if line.startswith("+") and ours.strip('"') in line]
    assert "--force" in caught.value.fix
    assert (tmp_path / file).read_text() == text
    assert emitted(tmp_path, name, force=True) == first


@pytest.mark.parametrize("name", ["serverless", "sam", "terraform"])
def test_two_functions_of_one_handler_keep_their_own_artifacts(tmp_path: Path, name: str) -> None:
    project(tmp_path, name)
    emitted(tmp_path, name)
    more = "  more: {target: aws-lambda, runtime: nodejs22.x, handler: fn.handler}\n"
    (tmp_path / "packager.yaml").write_text(LAMBDA + more)
    (text,) = emitted(tmp_path, name).values()
    assert text.count("dist/api.zip") == text.count("dist/more.zip") == 1
    assert emitted(tmp_path, name) == {next(iter(CASES[name].additions)): text}


def test_what_is_read_is_in_the_plan_of_the_command_and_written_once(tmp_path: Path) -> None:
    """The dummies through ``packager emit``: found without packager.yaml, written, then left alone."""
    for name, file, text in (
        ("dummy", "dummy.json", '{"start": {"web": "index.js"}}'),
        ("dummy-tool", *CASES["dummy-tool"].sample),
    ):
        root = node_project(tmp_path / name, {"index.js": NODE_MODULE, "fn.js": NODE_HANDLER})
        write_tree(root, {file: text})
        first = CliRunner().invoke(emit, [name, str(root)], standalone_mode=False)
        assert first.exception is None
        assert first.stdout.startswith(f"{root / file}: written\nDone in ")
        second = CliRunner().invoke(emit, [name, str(root)], standalone_mode=False)
        assert second.stdout.startswith(f"{root / file}: unchanged\nDone in ")
        assert second.stdout.endswith(": 1 file unchanged.\n")


def test_no_format_loads_the_library_of_another() -> None:
    code = (
        "import sys, packager.hosts.registry; print({'ruamel.yaml', 'tomlkit', 'yaml', 'wcmatch'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"
