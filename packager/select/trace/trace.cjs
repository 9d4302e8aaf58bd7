'use strict';
// What do these entry files reach? Asked of @vercel/nft, answered as one line of JSON on stdout; started by
// packager.select.trace, never shipped.
//
// Usage: node trace.cjs TOOL_FOLDER < REQUEST.json
// Request: root (absolute, no links), entries (relative), overlay (relative path → file that stands there),
// arch (Node's name of the target's processor), conditions, moduleSyncCatchall.

const fs = require('fs');
const { createRequire } = require('module');
const os = require('os');
const path = require('path');

const request = JSON.parse(fs.readFileSync(0, 'utf8'));

// The machine that packs is not the machine that runs: special cases of nft choose files by these.
Object.defineProperty(process, 'platform', { value: 'linux' });
Object.defineProperty(process, 'arch', { value: request.arch });
os.platform = () => 'linux';
os.arch = () => request.arch;

const overlay = new Map(Object.entries(request.overlay).map(([name, file]) => [path.join(request.root, name), file]));
const readable = (file) => overlay.get(file) || file;

async function orNull(reading, ...codes) {
  try {
    return await reading;
  } catch (error) {
    if (codes.includes(error.code)) return null;
    throw error;
  }
}

async function main() {
  const { nodeFileTrace } = createRequire(path.join(process.argv[2], 'package.json'))('@vercel/nft');
  const { fileList, reasons, warnings } = await nodeFileTrace(
    request.entries.map((name) => path.join(request.root, name)),
    {
      base: request.root,
      processCwd: request.root,
      conditions: request.conditions,
      moduleSyncCatchall: request.moduleSyncCatchall,
      mixedModules: true,
      readFile: (file) => orNull(fs.promises.readFile(readable(file), 'utf8'), 'ENOENT', 'ENOTDIR', 'EISDIR'),
      stat: (file) => orNull(fs.promises.stat(readable(file)), 'ENOENT', 'ENOTDIR', 'ELOOP'),
      readlink: (file) => (overlay.has(file) ? null : orNull(fs.promises.readlink(file), 'EINVAL', 'ENOENT', 'ENOTDIR')),
    },
  );
  const files = {};
  for (const name of [...fileList].sort()) {
    const { type, parents } = reasons.get(name) || { type: [], parents: new Set() };
    files[name] = { kinds: type, parents: [...parents].sort().slice(0, 1) };
  }
  const said = [...warnings].map((warning) => warning.message.split('\n')[0]).sort();
  process.stdout.write(JSON.stringify({ files, warnings: said }));
}

main().catch((error) => {
  process.stderr.write(`${error && error.stack ? error.stack : error}\n`);
  process.exitCode = 1;
});
