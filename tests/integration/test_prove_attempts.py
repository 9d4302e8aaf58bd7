"""A bundle that tries what it may not, and swallows the refusal, harms nothing and is reported: on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.toolchains.interpreters import find_python
from tests.support.hostile import NODE, PYTHON, Hostile
from tests.support.proving import Bench, comes_to_an_end, needs_node

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.proof import Proof


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def look(proof: Proof, case: Hostile) -> None:
    (finding,) = proof.findings
    assert finding.subject == "api.zip"
    if not case.code:  # ended if it is seen in the act, else measured afterwards
        assert (proof.status, finding.code) in (("failed", "RUN010"), ("proved", "RUN025"))
        return
    assert (proof.status, finding.code, finding.severity) == ("proved", case.code, "warning"), proof
    for words in case.says:
        assert words in finding.message


@needs_node
@pytest.mark.parametrize("name", NODE)
def test_node(bench: Bench, name: str) -> None:
    case = NODE[name]
    look(bench.prove({"index.js": case.source}, event={}, memory_bytes=case.memory_bytes), case)
    assert comes_to_an_end("/bin/sh -c b() { b | b & }; b; sleep 62")


@needs_node
def test_what_an_es_module_imports_by_name_is_seen_too(bench: Bench) -> None:
    source = (
        "import { writeFileSync } from 'node:fs'; import { mkdir } from 'node:fs/promises';"
        "try { writeFileSync('/var/task/x', '') } catch {} await mkdir('/var/task/y').catch(() => {});"
        "export const handler = async () => 1;"
    )
    proof = bench.prove({"index.mjs": source})
    assert [finding.code for finding in proof.findings] == ["RUN022"]
    assert "/var/task/x, /var/task/y" in proof.findings[0].message


@needs_node
def test_the_watch_changes_nothing_a_bundle_could_notice(bench: Bench) -> None:
    """Promisified variants, errors, return values and callbacks are those of Node."""
    source = """
    const fs = require('fs'), { promisify } = require('util'), { once } = require('events');
    exports.handler = async () => {
      await promisify(fs.writeFile)('/tmp/a', 'one');
      fs.appendFileSync('/tmp/a', 'two');
      const fd = await promisify(fs.open)('/tmp/a', 'r');
      const handle = await fs.promises.open('/tmp/a');
      const read = await promisify(fs.read)(fd, Buffer.alloc(3), 0, 3, 0);
      const lookup = await promisify(require('dns').lookup)('127.0.0.1');
      const child = require('child_process').spawn('/bin/sh', ['-c', 'exit 3']);
      const [code] = await once(child, 'exit');
      const refused = await fs.promises.writeFile('/var/task/x', '').catch((error) => error.code);
      return [
        String(await handle.readFile()), read.bytesRead, lookup.address, code, refused,
        fs.writeFileSync.name, fs.writeFile.length, require('child_process').execSync('echo hi').toString(),
      ];
    };
    """
    proof = bench.prove({"index.js": source}, event={})
    assert proof.answer == '["onetwo",3,"127.0.0.1",3,"EROFS","writeFileSync",4,"hi\\n"]', proof


@needs_node
def test_a_rejection_nobody_waits_for_still_ends_the_process(bench: Bench) -> None:
    source = (
        "require('fs').promises.writeFile('/var/task/x', '');"
        "exports.handler = () => new Promise((done) => setTimeout(done, 1000))"
    )
    proof = bench.prove({"index.js": source}, event={})
    assert (proof.status, [finding.code for finding in proof.findings]) == ("failed", ["RUN008"])


@pytest.mark.skipif(find_python("3.11") is None, reason="this machine has no Python 3.11")
@pytest.mark.parametrize("name", PYTHON)
def test_python(bench: Bench, name: str) -> None:
    case = PYTHON[name]
    target = load_catalog().target("aws-lambda", "python3.11", "x86_64")
    look(bench.prove({"index.py": case.source}, event={}, memory_bytes=case.memory_bytes, target=target), case)


@needs_node
def test_what_was_noticed_is_remembered_with_the_proof(bench: Bench) -> None:
    files = {"index.js": NODE["write outside /tmp"].source}
    first = bench.prove(files)
    (bench.folder / "cache" / "proofs").chmod(0o700)
    assert bench.prove(files) == first
    assert [finding.code for finding in first.findings] == ["RUN022"]


@needs_node
def test_tidy_bundles_get_no_warning(bench: Bench) -> None:
    source = (
        "const fs = require('fs'), os = require('os'), net = require('net');"
        "fs.writeFileSync(os.tmpdir() + '/x', ''); fs.existsSync('/none'); try { fs.readFileSync('none') } catch {};"
        "fs.mkdirSync('/tmp/a/b', { recursive: true }); fs.rmSync('/tmp/a', { recursive: true });"
        "exports.handler = () => new Promise((ok) => { const server = net.createServer((s) => s.end()).listen(0, () =>"
        "net.connect(server.address().port, 'localhost').on('close', () => ok(1))) })"
    )
    proof = bench.prove({"index.js": source}, event={})
    assert (proof.status, proof.findings) == ("proved", ()), proof
