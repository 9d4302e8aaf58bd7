"""Trace and bundle with the real @vercel/nft, esbuild and proof, on trees made up for it."""

from __future__ import annotations

import json
import subprocess
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import ConfigError, GeneratorFault, UsageError
from packager.core.resources import default_cache
from packager.delivery.deliver import deliver
from packager.model.options import BuildOptions
from packager.pipeline.run import package, selections
from packager.pipeline.tools import real_tools
from packager.planning.planner import make_plan
from packager.project.config import parse_project
from tests.support.fakes import NO_DOCKER, FakeBuilder
from tests.support.proving import NODE, needs_node
from tests.support.trees import lock_json, package_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from packager.model.options import ProveMode
    from packager.model.plan import Plan
    from packager.model.selection import Selection
    from packager.model.tools import Tools
    from packager.pipeline.run import Result

pytestmark = [pytest.mark.network, needs_node]

Package = dict[str, str]


class Workbench:
    """Builds projects whose packages are laid in place of an install; everything after that is real."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.out = folder / "dist"

    @contextmanager
    def built(
        self,
        files: Mapping[str, str],
        packages: Mapping[str, Package],
        bundle: Mapping[str, Any],
        *,
        others: Mapping[str, Any] | None = None,
        offline: bool = False,
        prove: ProveMode = "auto",
    ) -> Iterator[dict[str, Result]]:
        """Yield name → result of every bundle, with those that passed delivered."""
        plan, host = self._ready(files, packages, bundle, others or {}, offline=offline)
        options = BuildOptions(out=self.out, prove=prove)
        with package(plan, load_catalog(), host, options) as results:
            if all(result.ok for result in results):
                deliver(results, self.out)
            yield {result.bundle.name: result for result in results}

    def chosen(self, files: Mapping[str, str], packages: Mapping[str, Package], trim: str) -> Selection:
        """Return the selection alone, as ``--why`` asks for it."""
        plan, host = self._ready(files, packages, {"trim": trim}, {}, offline=False)
        with selections(plan, load_catalog(), host, BuildOptions(out=self.out)) as found:
            return found[0][1]

    def _ready(
        self,
        files: Mapping[str, str],
        packages: Mapping[str, Package],
        bundle: Mapping[str, Any],
        others: Mapping[str, Any],
        *,
        offline: bool,
    ) -> tuple[Plan, Tools]:
        own = json.loads(files.get("package.json", "{}"))
        tops = {name: "1" for name in packages if "node_modules" not in name}
        wants = {**own, "name": "app", "version": "1.0.0", "dependencies": tops}
        write_tree(self.root, {**files, "package.json": json.dumps(wants)})
        write_tree(self.root, {"package-lock.json": lock_json(wants, tops)})
        adds = {
            f"node_modules/{name}/{path}": text
            for name, content in packages.items()
            for path, text in {"package.json": package_json(name.rpartition("node_modules/")[2]), **content}.items()
        }
        spec = {"target": "aws-lambda", "runtime": f"nodejs{NODE}.x", "handler": "index.handler", **bundle}
        project = parse_project({"version": 1, "bundles": {**others, "api": spec}}, self.root)
        plan = make_plan(project, load_catalog(), NO_DOCKER, BuildOptions(builder="local", offline=offline))
        builder = FakeBuilder(adds=adds)
        return plan, replace(real_tools(default_cache(), fetch=not offline), builders=lambda name: builder)

    def archive(self, name: str = "api") -> dict[str, str]:
        """Return name → text of what was delivered."""
        with zipfile.ZipFile(self.out / f"{name}.zip") as archive:
            return {path: archive.read(path).decode() for path in archive.namelist()}


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def said(result: Result) -> list[str]:
    """Return "CODE path" of every finding that is a warning or worse."""
    return [
        f"{finding.code} {finding.subject.rpartition('!')[2]}"
        for finding in result.findings
        if finding.severity != "note"
    ]


HANDLER = "const used = require('used'); exports.handler = async () => used();"
USED = {"index.js": "module.exports = () => 'used'", "unused.js": "", "LICENSE": "MIT", "README.md": "# used"}


def test_what_the_handler_reaches_is_packed_and_the_rest_is_told_why_not(bench: Workbench) -> None:
    files = {"index.js": HANDLER, "other.js": "", "data.bin": "own"}
    with bench.built(files, {"used": USED, "unused": {"index.js": ""}}, {"trim": "trace"}) as made:
        assert said(made["api"]) == []
        assert made["api"].proof.status == "proved"
        kept = {choice.file.path: choice.reason for choice in made["api"].selection.kept}
        assert kept.keys() == {
            "index.js",
            "package.json",
            "node_modules/used/LICENSE",
            "node_modules/used/index.js",
            "node_modules/used/package.json",
        }
        (dropped,) = made["api"].selection.why("node_modules/used/unused.js")
        assert (dropped.rule, dropped.reason) == ("untraced", "nothing that the entry reaches asks for it")
        assert kept["index.js"] == "where the host starts"


def test_what_include_names_stays_with_what_it_reaches(bench: Workbench) -> None:
    files = {"index.js": HANDLER, "jobs/nightly.js": "require('later')", "jobs/notes.txt": "", "other.js": ""}
    packages = {"used": USED, "later": {"index.js": "", "more.js": ""}}
    with bench.built(files, packages, {"trim": "trace", "include": ["jobs/**"]}) as made:
        kept = {choice.file.path for choice in made["api"].selection.kept}
    assert {"index.js", "jobs/nightly.js", "jobs/notes.txt", "node_modules/later/index.js"} <= kept
    assert not kept & {"other.js", "node_modules/later/more.js"}


TRAP = {
    "package.json": package_json(
        "trap",
        exports={
            ".": {"module-sync": "./sync.mjs", "require": "./index.cjs", "default": "./index.cjs"},
            "./package.json": "./package.json",
        },
    ),
    "sync.mjs": "import inner from './inner.mjs'; export const word = inner; export { word as 'module.exports' };",
    "inner.mjs": "export default 'sync';",
    "index.cjs": "exports.word = 'cjs'",
}


@pytest.mark.parametrize("trim", ["trace", "bundle"])
def test_node_may_take_the_module_sync_file_and_finds_it(bench: Workbench, trim: str) -> None:
    """vercel/nft#603: an archive traced without the condition dies with "Cannot find module … sync.mjs"."""
    handler = "const trap = require('trap'); exports.handler = async () => typeof trap;"
    with bench.built({"index.js": handler}, {"trap": TRAP}, {"trim": trim}) as made:
        assert said(made["api"]) == []
        assert made["api"].proof.status == "proved"
        kept = {choice.file.path for choice in made["api"].selection.kept}
    if trim == "trace":
        assert {f"node_modules/trap/{name}" for name in ("sync.mjs", "inner.mjs", "index.cjs")} <= kept


HIDDEN = {
    "index.js": (
        "const name = ['t', 'able'].join(''); const ask = module[['req', 'uire'].join('')].bind(module);"
        "module.exports = () => 1; module.exports.table = ask('./data/' + name + '.json');"
    ),
    "data/table.json": '{"a": 1}',
    "data/other.json": "{}",
}


def test_what_the_tracer_cannot_see_the_proof_misses_and_it_comes_back(bench: Workbench) -> None:
    handler = "const hidden = require('hidden'); exports.handler = async () => hidden.table.a;"
    with bench.built({"index.js": handler}, {"hidden": HIDDEN}, {"trim": "trace"}) as made:
        result = made["api"]
        assert result.proof.status == "proved"
        assert said(result) == ["TRC001 node_modules/hidden/data/table.json"]
        assert "./data/table.json" in next(f.message for f in result.findings if f.code == "TRC001")
        kept = {choice.file.path for choice in result.selection.kept}
    assert "node_modules/hidden/data/table.json" in kept
    assert "node_modules/hidden/data/other.json" not in kept


def test_a_plugin_loaded_by_a_computed_name_comes_back_with_what_it_needs(bench: Workbench) -> None:
    handler = (
        "const ask = module[['req', 'uire'].join('')].bind(module); exports.handler = ask(['plug', 'in'].join('-'));"
    )
    packages = {
        "plug-in": {"package.json": package_json("plug-in", dependencies={"deep": "1"}), "index.js": (
            "const ask = module[['req', 'uire'].join('')].bind(module);"
            "ask(['de', 'ep'].join('')); module.exports = () => 1"
        )},
        "deep": {"index.js": ""},
        "bystander": {"index.js": ""},
    }  # fmt: skip
    with bench.built({"index.js": handler}, packages, {"trim": "trace"}) as made:
        assert made["api"].proof.status == "proved"
        assert "TRC001 node_modules/plug-in" in said(made["api"])
        kept = {choice.file.path for choice in made["api"].selection.kept}
    assert {"node_modules/plug-in/index.js", "node_modules/deep/index.js"} <= kept
    assert "node_modules/bystander/index.js" not in kept


def test_a_rule_of_a_level_that_breaks_the_proof_is_named_and_the_file_kept(bench: Workbench) -> None:
    handler = "const odd = require('odd'); exports.handler = async () => odd.length;"
    odd = {
        "index.js": (
            "const fs = require('fs'), path = require('path');"
            "module.exports = fs.readFileSync(path.join(__dirname, ['type', 's.d.ts'].join('')), 'utf8');"
        ),
        "types.d.ts": "export {}",
        "others.d.ts": "export {}",
    }
    with bench.built({"index.js": handler}, {"odd": odd}, {"trim": "safe"}) as made:
        result = made["api"]
        assert result.proof.status == "proved"
        assert said(result) == ["TRC003 node_modules/odd/types.d.ts"]
        kept = {choice.file.path for choice in result.selection.kept}
    assert "node_modules/odd/types.d.ts" in kept
    assert "node_modules/odd/others.d.ts" not in kept


def test_a_failure_that_trimming_has_not_caused_is_reported_once(bench: Workbench) -> None:
    with bench.built({"index.js": "require('not-installed'); exports.handler = 1"}, {}, {"trim": "trace"}) as made:
        assert made["api"].proof.status == "failed"
        assert said(made["api"])[:1] == ["RUN001 index.js"]
        assert not [code for code in said(made["api"]) if code.startswith("TRC")]


@pytest.mark.parametrize("trim", ["trace", "bundle"])
def test_what_a_layer_carries_is_not_packed(bench: Workbench, trim: str) -> None:
    files = {"index.js": "require('used'); require('mine'); exports.handler = async () => 1"}
    packages = {"used": USED, "mine": {"index.js": ""}}
    layer = {"shared": {"target": "aws-lambda-layer", "runtime": f"nodejs{NODE}.x", "packages": ["used"]}}
    with bench.built(files, packages, {"trim": trim, "layers": ["shared"]}, others=layer) as made:
        assert made["api"].proof.status == "proved", made["api"].proof.detail
    mine = {"node_modules/mine/index.js", "node_modules/mine/package.json"} if trim == "trace" else set()
    assert set(bench.archive()) == {"index.js", "package.json", *mine}
    assert "nodejs/node_modules/used/index.js" in bench.archive("shared")


def test_the_second_time_needs_no_network(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    with bench.built({"index.js": HANDLER}, {"used": USED}, {"trim": "bundle"}) as made:
        first = made["api"].artifact.sha256
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    with bench.built({"index.js": HANDLER}, {"used": USED}, {"trim": "bundle"}, offline=True) as made:
        assert made["api"].artifact.sha256 == first


def test_without_a_proof_nothing_is_traced(bench: Workbench) -> None:
    with (
        pytest.raises(UsageError, match="only a proof can confirm"),
        bench.built({"index.js": HANDLER}, {"used": USED}, {"trim": "trace"}, prove="skip"),
    ):
        pass


def test_why_knows_what_was_traced(bench: Workbench) -> None:
    chosen = bench.chosen({"index.js": HANDLER}, {"used": USED}, "trace")
    assert [choice.rule for choice in chosen.why("node_modules/used/unused.js")] == ["untraced"]


def test_bundled_code_is_one_file_with_its_map_and_licences_apart(bench: Workbench) -> None:
    files = {"src/index.js": "const used = require('used'); require('./lib/x'); exports.handler = async () => used();",
             "src/lib/x.js": "exports.x = 1"}  # fmt: skip
    with bench.built(files, {"used": USED}, {"trim": "bundle", "handler": "src/index.handler"}) as made:
        assert said(made["api"]) == []
        assert made["api"].proof.status == "proved"
        (inside,) = made["api"].selection.why("node_modules/used/index.js")
        assert (inside.rule, inside.reason) == ("bundled", "its code is in src/index.js")
    packed = bench.archive()
    assert packed.keys() == {"LICENSES-OF-BUNDLED-CODE.txt", "package.json", "src/index.js"}
    assert packed["LICENSES-OF-BUNDLED-CODE.txt"] == "==== used@1.0.0\n\nMIT\n"
    assert "sourceMappingURL" not in packed["src/index.js"]
    sources = json.loads((bench.out / "api.maps/src/index.js.map").read_text())["sources"]
    assert sorted(sources) == ["../node_modules/used/index.js", "index.js", "lib/x.js"]


def test_the_folder_leaves_no_trace_in_bundled_code(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "another folder"):
        bench = Workbench(tmp_path / name)
        with bench.built({"index.js": HANDLER}, {"used": USED}, {"trim": "bundle"}) as made:
            texts.append((made["api"].artifact.sha256, (bench.out / "api.maps/index.js.map").read_bytes()))
    assert texts[0] == texts[1]


def test_typescript_needs_no_build_of_its_own(bench: Workbench) -> None:
    files = {
        "src/api.ts": "import { word } from './word'; type Event = { a: number };\n"
        "export const handler = async (event: Event): Promise<string> => word + event?.a;",
        "src/word.ts": "export const word: string = 'hello';",
        "tsconfig.json": '{"compilerOptions": {"strict": true}}',
    }
    with bench.built(files, {}, {"trim": "bundle", "handler": "src/api.handler"}) as made:
        assert made["api"].proof.status == "proved", made["api"].proof.detail
    assert bench.archive().keys() == {"package.json", "src/api.js"}
    with (
        pytest.raises(ConfigError, match="is TypeScript, which is not compiled"),
        bench.built(files, {}, {"trim": "trace", "handler": "src/api.handler"}),
    ):
        pass


def test_entries_of_hosts_that_route_to_files_may_be_typescript(bench: Workbench) -> None:
    files = {
        "api/users.ts": "export default async (request: any, response: any) => response.end('users');",
        "api/orders.js": "module.exports = async (request, response) => response.end('orders');",
    }
    spec = {"target": "vercel", "handler": "", "src": ["api/*"], "trim": "bundle"}
    with bench.built(files, {}, spec) as made:
        assert made["api"].bundle.entries == ("api/orders.js", "api/users.js")
        assert made["api"].proof.status == "proved", made["api"].proof.detail
    assert {"api/users.js", "api/orders.js"} <= bench.archive().keys()


def test_modules_may_require_and_know_their_folder(bench: Workbench) -> None:
    files = {
        "package.json": '{"type": "module"}',
        "index.js": "import old from 'old'; export const handler = async () => old.name;",
    }
    old = {"index.js": "const os = require('os'); exports.name = require('path').basename(__filename) + os.EOL;"}
    with bench.built(files, {"old": old}, {"trim": "bundle"}) as made:
        assert made["api"].proof.status == "proved", made["api"].proof.detail
    assert "node_modules/old/index.js" not in bench.archive()


def test_own_code_finds_its_files_though_it_has_moved(bench: Workbench) -> None:
    files = {
        "src/index.js": "const page = require('./views/page'); exports.handler = async () => page;",
        "src/views/page.js": (
            "module.exports = require('fs').readFileSync(require('path').join(__dirname, 'page.html'), 'utf8');"
        ),
        "src/views/page.html": "<p>",
    }
    with bench.built(files, {}, {"trim": "bundle", "handler": "src/index.handler"}) as made:
        assert said(made["api"]) == []
        assert made["api"].proof.status == "proved", made["api"].proof.detail
    assert bench.archive().keys() == {"package.json", "src/index.js", "src/views/page.html"}


def test_packages_that_read_beside_their_code_and_declared_ones_stay_outside(bench: Workbench) -> None:
    handler = "require('reader'); require('declared'); require('used'); exports.handler = async () => 1;"
    reader = {
        "index.js": "require('fs').readFileSync(require('path').join(__dirname, 'words.dat'), 'utf8');",
        "words.dat": "a",
    }
    packages = {"reader": reader, "declared": {"index.js": "exports.a = 1"}, "used": USED}
    with bench.built({"index.js": handler}, packages, {"trim": "bundle", "external": ["decl*"]}) as made:
        assert said(made["api"]) == []
        assert made["api"].proof.status == "proved", made["api"].proof.detail
    assert {path for path in bench.archive() if path.startswith("node_modules/")} == {
        "node_modules/declared/index.js",
        "node_modules/declared/package.json",
        "node_modules/reader/index.js",
        "node_modules/reader/package.json",
        "node_modules/reader/words.dat",
    }


def test_optional_modules_are_left_to_run_time(bench: Workbench) -> None:
    optional = {
        "index.js": (
            "let native; if (process.env.NATIVE) native = require('not-there');"
            "const by = (name) => require(`./plugins/${name}.js`); module.exports = () => native || by;"
        )
    }
    handler = "const optional = require('optional'); exports.handler = async () => optional();"
    with bench.built({"index.js": handler}, {"optional": optional}, {"trim": "bundle"}) as made:
        assert made["api"].proof.status == "proved", made["api"].proof.detail


def test_a_package_that_breaks_when_it_is_joined_is_put_beside(bench: Workbench) -> None:
    """It finds its place in a stack, what it reads is named at run time: only a proof can confirm that."""
    reader = {
        "index.js": (
            "const fs = require('fs'), path = require('path'), name = Buffer.from('d29yZHMuZGF0', 'base64').toString();"
            "const [, here] = /(\\/var\\/task\\/.*?):\\d+:\\d+/.exec(new Error().stack);"
            "module.exports = fs.readFileSync(path.join(path.dirname(here), name), 'utf8');"
        ),
        "words.dat": "a",
    }
    handler = "require('reader'); exports.handler = async () => 1;"
    with bench.built({"index.js": handler}, {"reader": reader}, {"trim": "bundle"}) as made:
        assert made["api"].proof.status == "proved", made["api"].proof.detail
        assert "TRC001 node_modules/reader" in said(made["api"])
    assert {"node_modules/reader/index.js", "node_modules/reader/words.dat"} <= bench.archive().keys()


def test_code_that_cannot_be_joined_is_shown_with_its_line(bench: Workbench) -> None:
    with (
        pytest.raises(GeneratorFault, match="esbuild cannot bundle the code") as caught,
        bench.built({"index.mjs": "import './gone.js';\nexport const handler = 1"}, {}, {"trim": "bundle"}),
    ):
        pass
    assert caught.value.output.startswith('index.mjs:1: Could not resolve "./gone.js"')


def answer(bench: Workbench, handler: str = "index", event: object = None) -> object:
    """Return what the handler of the delivered archive answers to a plain Node, away from all node_modules."""
    folder = bench.out.with_name("unpacked")
    with zipfile.ZipFile(bench.out / "api.zip") as archive:
        archive.extractall(folder)
    script = (
        "import(process.argv[1]).then(async (found) => { const { handler } = found.handler ? found : found.default;"
        "console.log('ANSWER ' + JSON.stringify(await handler(JSON.parse(process.argv[2])))); process.exit(0); })"
    )
    file = next(path for path in sorted(folder.glob(f"{handler}.*")) if path.suffix in (".js", ".mjs", ".cjs"))
    done = subprocess.run(
        ("node", "-e", script, str(file), json.dumps(event)), cwd=folder, capture_output=True, text=True, check=False
    )
    said = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert said, done.stderr
    return json.loads(said[0].removeprefix("ANSWER "))


READS = "require('fs').readFileSync(require('path').join(__dirname, 'a.txt'), 'utf8')"
ANSWERS: dict[str, tuple[dict[str, str], dict[str, Package], object]] = {
    "typescript that reads through default imports": (
        {
            "index.ts": "import { text } from './lib/words'; export const handler = async () => text();",
            "lib/words.ts": (
                "import fs from 'fs'; import * as path from 'path';"
                "export const text = (): string => fs.readFileSync(path.join(__dirname, 'words.txt'), 'utf8');"
            ),
            "lib/words.txt": "hello",
        },
        {},
        "hello",
    ),
    "a computed name without ending": (
        {
            "index.js": "const on = require('./state'); exports.handler = () => [require('./cmds/' + 'a')(), on.n];",
            "state.js": "exports.n = 0;",
            "cmds/a.js": "const say = require('../state'); module.exports = () => ++say.n;",
        },
        {},
        [1, 1],
    ),
    "a computed path": (
        {
            "index.js": (
                "const path = require('path'), used = require('used'), name = process.env.X || 'a';"
                "exports.handler = async () => require(path.join(__dirname, 'cmds', name))() === used;"
            ),
            "cmds/a.js": "module.exports = () => require('used');",
        },
        {"used": USED},
        True,
    ),
    "import.meta.url far from the entry": (
        {
            "index.js": "exports.handler = async () => (await import('./lib/far.mjs')).text;",
            "lib/far.mjs": (
                "import { readFileSync } from 'fs';"
                "export const text = readFileSync(new URL('./far.txt', import.meta.url), 'utf8');"
            ),
            "lib/far.txt": "far",
            "far.txt": "wrong",
        },
        {},
        "far",
    ),
    "code that awaits as it is loaded": (
        {"index.js": "exports.handler = async () => (await import('waits')).default;"},
        {
            "waits": {
                "package.json": package_json("waits", type="module", main="index.js", dependencies={"inner": "1"}),
                "index.js": "import value from 'inner'; export default value;",
            },
            "inner": {
                "package.json": package_json("inner", type="module", main="index.js"),
                "index.js": "export default await Promise.resolve('late');",
            },
        },
        "late",
    ),
    "the condition that bundlers take": (
        {"index.js": "exports.handler = async () => require('dual')();"},
        {
            "dual": {
                "package.json": package_json(
                    "dual", exports={"module": "./module.mjs", "require": "./main.cjs", "default": "./module.mjs"}
                ),
                "module.mjs": "export default () => 'module';",
                "main.cjs": "module.exports = () => 'main';",
            }
        },
        "main",
    ),
    "a missing module that two files name": (
        {"index.js": "const a = require('asks'); exports.handler = async () => a();"},
        {
            "asks": {
                "index.js": "const b = require('./b'); module.exports = (c) => (c ? require('gone') : b());",
                "b.js": "module.exports = (c) => (c ? require('gone') : 'there');",
            }
        },
        "there",
    ),
    "a universal module": (
        {"index.js": "exports.handler = async () => require('umd').x;"},
        {
            "umd": {
                "index.js": (
                    "(function (define) { define(function (require) { return { x: require('./lib/x') }; }); })"
                    "(typeof define === 'function' ? define : function (make) { module.exports = make(require); });"
                ),
                "lib/x.js": "module.exports = 'x';",
            }
        },
        "x",
    ),
    "a package that a package loads by its name": (
        {"index.js": "const open = require('opens'); exports.handler = async () => open({ driver: 'driver' });"},
        {
            "opens": {"index.js": "module.exports = ({ driver }) => require(driver).name;"},
            "driver": {"index.js": "exports.name = 'the driver';"},
        },
        "the driver",
    ),
    "what instruments packages as they are loaded": (
        {
            "index.js": (
                "const Module = require('module'), load = Module._load;"
                "Module._load = function (name) { const found = load.apply(this, arguments);"
                "return name === 'used' ? () => 'instrumented' : found; };"
                "const used = require('used'); exports.handler = async () => used();"
            )
        },
        {"used": USED},
        "instrumented",
    ),
    "a file of another ending": (
        {
            "index.js": (
                "const fs = require('fs');"
                "require.extensions['.sql'] = (made, file) => { made.exports = fs.readFileSync(file, 'utf8'); };"
                "exports.handler = async () => require('./lib/query.sql');"
            ),
            "lib/query.sql": "select 1",
        },
        {},
        "select 1",
    ),
    "data of a package behind a computed path": (
        {"index.js": "exports.handler = async () => require('zones')('a');"},
        {
            "zones": {
                "index.js": (
                    "const home = process.env.ZONES || require('path').join(__dirname, 'data');"
                    "module.exports = (name) => require('fs').readFileSync(`${home}/${name}.dat`, 'utf8');"
                ),
                "data/a.dat": "zone a",
                "data/b.dat": "zone b",
            }
        },
        "zone a",
    ),
    "a worker of a package": (
        {"index.js": "exports.handler = async () => require('pool')('./worker.js');"},
        {
            "pool": {
                "index.js": (
                    "const { Worker } = require('worker_threads'), path = require('path'); const home = __dirname;"
                    "module.exports = (name) => new Promise((done, failed) => new Worker(path.resolve(home, name))"
                    ".on('message', done).on('error', failed));"
                ),
                "worker.js": "require('worker_threads').parentPort.postMessage(require('helper'));",
            },
            "helper": {"index.js": "module.exports = 'helped';"},
        },
        "helped",
    ),
    "locales with a hole in their path": (
        {
            "index.js": (
                "const fs = require('fs'), path = require('path'), form = path.join(__dirname, 'locales/{{lng}}.json');"
                "exports.handler = async () => JSON.parse(fs.readFileSync(form.replace('{{lng}}', 'de'))).hello;"
            ),
            "locales/de.json": '{"hello": "Hallo"}',
        },
        {},
        "Hallo",
    ),
}


@pytest.mark.parametrize("trim", ["trace", "bundle"])
@pytest.mark.parametrize("case", [case for case in ANSWERS if "typescript" not in case])
def test_what_is_traced_answers_as_the_whole_tree_does(bench: Workbench, case: str, trim: str) -> None:
    files, packages, expected = ANSWERS[case]
    with bench.built(files, packages, {"trim": trim}) as made:
        assert made["api"].proof.status == "proved", made["api"].findings
    assert answer(bench) == expected


def test_typescript_finds_the_files_it_reads(bench: Workbench) -> None:
    files, packages, expected = ANSWERS["typescript that reads through default imports"]
    with bench.built(files, packages, {"trim": "bundle"}) as made:
        assert made["api"].proof.status == "proved", made["api"].findings
    assert bench.archive().keys() == {"package.json", "index.js", "lib/words.txt"}
    assert answer(bench) == expected


def test_knowing_its_folder_takes_nothing_else_of_the_folder_along(bench: Workbench) -> None:
    files = {
        "src/index.js": "exports.handler = async () => require('../lib/a')();",
        "lib/a.js": f"module.exports = () => {READS};",
        "lib/a.txt": "a",
        "lib/other.js": "require('used');",
    }
    with bench.built(files, {"used": USED}, {"trim": "bundle", "handler": "src/index.handler"}) as made:
        assert made["api"].proof.status == "proved", made["api"].findings
    assert bench.archive().keys() == {"package.json", "src/index.js", "lib/a.txt"}
    assert answer(bench, "src/index") == "a"


@pytest.mark.parametrize("trim", ["trace", "bundle"])
def test_what_is_external_stays_whole_though_no_code_names_it(bench: Workbench, trim: str) -> None:
    kept = {"index.js": "module.exports = require('needs');", "data/x.bin": "x", "other.js": ""}
    packages = {"kept": kept, "needs": {"index.js": "", "idle.js": ""}}
    packages["kept"]["package.json"] = package_json("kept", dependencies={"needs": "1"})
    with bench.built({"index.js": "exports.handler = async () => 1;"}, packages, {"trim": trim, "external": ["kept"]}):
        packed = set(bench.archive())
    assert {f"node_modules/kept/{name}" for name in kept} | {"node_modules/needs/index.js"} <= packed
    assert "node_modules/needs/idle.js" not in packed


def test_what_stays_outside_and_what_is_missing_is_told_once(bench: Workbench) -> None:
    files, packages, _ = ANSWERS["a universal module"]
    asks = ANSWERS["a missing module that two files name"][1]
    index = {"index.js": f"{files['index.js']} require('asks');"}
    with bench.built(index, {**packages, **asks}, {"trim": "bundle"}) as made:
        notes = {finding.code: finding for finding in made["api"].findings if finding.severity == "note"}
    assert "umd must stay outside the bundle" in notes["TRC004"].message
    assert "external: [umd]" in notes["TRC004"].fix
    assert "names gone, which is not installed" in notes["TRC005"].message
