"""The areas of the cache folder, all of them, in the order in which people are told of them.

A new one is a line here and `CacheDir(cache).area(...)` where it is used; ``packager cache`` and ``packager doctor``
then know of it.
"""

from __future__ import annotations

from packager.core.cache_dir import DIGEST, Area, AreaSpec, BytesArea, DocumentArea, ProgramArea, TreeArea

MEMBERS = AreaSpec("archive/members", "compressed members", Area, suffix=".pack", depth=2)
"""One shelf per codec. The packs carry checksums per member, and `packager.archive.tidy` makes room among them."""
RECORDS = AreaSpec("archive/records", "what archives were made of", Area, key=rf"[^/]*-{DIGEST}|[0-9a-f]{{32}}")
"""Read by what starts `packager pack` before anything else is loaded, and so in a format of their own. Those of 32
digits are of versions before 2026-11."""
TREES = AreaSpec(
    "trees", "results of installing and generating", TreeArea, "tree", "tree", max_bytes=4 << 30, private=True
)
ENGINES = AreaSpec("engines", "engines of generators", Area, kind="tree", depth=3)
"""One tree per commit, laid out as the generator's own cache has it, its published checksums beside each file."""
NODE = AreaSpec("node", "Node runtimes", ProgramArea, "node", "tree", key=r"\d+[\d.]*-\w+-\w+[^/]*")
TOOLS = AreaSpec("tools", "tools from npm", ProgramArea, "tool", "tree", key=r"\w+-[^/]*-\w+-\w+[^/]*")
PROOFS = AreaSpec("proofs", "proofs", DocumentArea, "proof", suffix=".json", private=True)
VERDICTS = AreaSpec("verdicts", "audits", DocumentArea, "verdict", suffix=".json", private=True)
CONTENTS = AreaSpec("verdicts/files", "hashes of files", DocumentArea, "content", suffix=".json", private=True)
BYTECODE = AreaSpec("bytecode", "compiled Python modules", BytesArea, "bytecode", depth=2)
"""One shelf per release and manner."""

AREAS: tuple[AreaSpec[Area], ...] = (MEMBERS, RECORDS, TREES, ENGINES, NODE, TOOLS, PROOFS, VERDICTS, BYTECODE)
WITHIN = {CONTENTS: VERDICTS}
"""Area → the one with which it is counted: what it holds says nothing to people."""
