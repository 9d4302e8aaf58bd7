'use strict';
// What do these entry files reach? Asked of @vercel/nft, answered as one line of JSON on stdout; started by
// packager.select.trace, never shipped.
//
// Usage: node trace.cjs TOOL_FOLDER < REQUEST.json
// Request: root (absolute, no links), entries (relative), overlay (relative path → file that stands there),
// arch (Node's name of the target's processor), conditions, moduleSyncCatchall, modules (names that are loaded without
// any code that says so), named (packages that count as asked for where code has their name in a text).
// Answer: files: { path: { kinds, parents } }, warnings, and what signs.cjs says of the code that was read: places
// ({ file: why its package needs its data }), whole ({ file: why }), folders and data ({ folder: why, all of it or its data }), idle
// (files in these that it has no name for), hooks ([file]), named ({ package:
// file that has its name in a text }).

const fs = require('fs');
const { createRequire } = require('module');
const os = require('os');
const path = require('path');
const { look, ownFolders } = require('./signs.cjs');

const request = JSON.parse(fs.readFileSync(0, 'utf8'));
// Stands for what asks for modules though no code does; one name a round, since nft remembers what it has read.
const STUB = 'packager-asks-for-';

// The machine that packs is not the machine that runs: special cases of nft choose files by these.
Object.defineProperty(process, 'platform', { value: 'linux' });
Object.defineProperty(process, 'arch', { value: request.arch });
os.platform = () => 'linux';
os.arch = () => request.arch;

const at = (name) => path.join(request.root, name);
const inner = (file) => path.relative(request.root, file).split(path.sep).join('/');
const overlay = new Map(Object.entries(request.overlay).map(([name, file]) => [at(name), file]));
const readable = (file) => overlay.get(file) || file;
const seen = {}; // file → what its text shows
const stubs = new Map(); // file → its text

async function orNull(reading, ...codes) {
  try {
    return await reading;
  } catch (error) {
    if (codes.includes(error.code)) return null;
    throw error;
  }
}

async function readFile(file) {
  if (stubs.has(file)) return stubs.get(file);
  const text = await orNull(fs.promises.readFile(readable(file), 'utf8'), 'ENOENT', 'ENOTDIR', 'EISDIR');
  const name = inner(file);
  if (text !== null && /\.([cm]?[jt]s|tsx)$/.test(name)) seen[name] = look(name, text, request);
  return text;
}

async function stat(file) {
  if (stubs.has(file)) return { isFile: () => true, isDirectory: () => false, isSymbolicLink: () => false };
  return orNull(fs.promises.stat(readable(file)), 'ENOENT', 'ENOTDIR', 'ELOOP');
}

async function readlink(file) {
  if (stubs.has(file) || overlay.has(file)) return null;
  return orNull(fs.promises.readlink(file), 'EINVAL', 'ENOENT', 'ENOTDIR');
}

// Code that is named in a text of code that computes what it loads or where it lies: workers, mostly.
function named(files) {
  const found = new Set();
  for (const file of files) {
    for (const text of (seen[file] || { code: [] }).code) {
      const place = path.posix.join(path.posix.dirname(file), text);
      if (!place.startsWith('..') && !files.has(place) && fs.existsSync(at(place))) found.add(place);
    }
  }
  return [...found].sort();
}

// Packages that nothing asks for, but whose names stand in a text, of own code or of a package that computes what it
// loads: transports, dialects, drivers, template engines. → name → file
function loadedByName(files) {
  const packaged = (file) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[0] ?? '';
  const ordered = [...files].filter((file) => seen[file]).sort(ownFirst);
  const reached = new Set([...files].map((file) => packaged(file).split('node_modules/').pop()));
  const computing = new Set(['', ...ordered.filter((file) => seen[file].computes).map(packaged)]);
  const found = {};
  for (const file of ordered) {
    if (!computing.has(packaged(file))) continue;
    for (const name of seen[file].names) if (!reached.has(`${name}/`)) found[name] = found[name] || file;
  }
  return found;
}

async function main() {
  const { nodeFileTrace } = createRequire(path.join(process.argv[2], 'package.json'))('@vercel/nft');
  const entries = new Set(request.entries);
  const modules = Object.fromEntries(request.modules.map((name) => [name, '']));
  const cache = {};
  for (;;) {
    const given = [...entries].map(at);
    for (const name of Object.keys(modules)) {
      const stub = at(`${STUB}${Object.keys(modules).indexOf(name)}.cjs`);
      stubs.set(stub, `require(${JSON.stringify(name)});import(${JSON.stringify(name)});`);
      given.push(stub);
    }
    const traced = await nodeFileTrace(given, {
      base: request.root,
      processCwd: request.root,
      conditions: request.conditions,
      moduleSyncCatchall: request.moduleSyncCatchall,
      mixedModules: true,
      cache,
      readFile,
      stat,
      readlink,
    });
    const more = named(traced.fileList);
    const names = Object.entries(loadedByName(traced.fileList)).filter(([name]) => !(name in modules));
    if (more.every((name) => entries.has(name)) && !names.length) return answer(traced, modules, opened(cache));
    more.forEach((name) => entries.add(name));
    Object.assign(modules, Object.fromEntries(names));
  }
}

// What the project itself asks for comes first.
function ownFirst(one, other) {
  return one.includes('node_modules/') - other.includes('node_modules/') || (one < other ? -1 : 1);
}

// Code that other code opens by its path, as a worker's: nft tells it from what is required only here.
function opened({ analysisCache }) {
  return new Set([...analysisCache.values()].flatMap(({ assets }) => [...assets].map(inner)));
}

function answer({ fileList, reasons, warnings }, modules, assets) {
  const told = { files: {}, warnings: [], places: {}, whole: {}, folders: {}, data: {}, hooks: [], named: {} };
  const askers = Object.values(modules);
  const [idle, openers] = [new Set(), new Map()];
  for (const [name, asks] of Object.entries(modules)) if (asks) told.named[name] = asks;
  const asker = (name) => (name.startsWith(STUB) ? askers[parseInt(name.slice(STUB.length), 10)] : name);
  for (const name of [...fileList].sort()) {
    if (name.startsWith(STUB)) continue;
    const { type, parents } = reasons.get(name) || { type: [], parents: new Set() };
    const kinds = assets.has(name) ? ['asset', ...type] : type;
    told.files[name] = { kinds, parents: [...parents].map(asker).sort(ownFirst).slice(0, 1) };
    const found = seen[name];
    if (!found) continue;
    if (found.place) told.places[name] = found.place;
    if (found.whole) told.whole[name] = found.whole;
    if (found.hooks) told.hooks.push(name);
    const opens = name.includes('node_modules/') ? { folders: {}, data: {} } : ownFolders(request.root, name, found.text);
    Object.assign(told.folders, opens.folders);
    Object.assign(told.data, found.data, opens.data);
    found.unneeded.forEach((file) => idle.add(file));
    for (const folder of Object.keys(found.data)) openers.set(folder, [...(openers.get(folder) || []), found.unneeded]);
  }
  // Each that opens a folder must do without a file.
  told.idle = [...idle].filter((file) => openers.get(path.posix.dirname(file)).every((each) => each.includes(file)));
  told.warnings = [...warnings].map((warning) => warning.message.split('\n')[0]).sort();
  process.stdout.write(JSON.stringify(told));
}

main().catch((error) => {
  process.stderr.write(`${error && error.stack ? error.stack : error}\n`);
  process.exitCode = 1;
});
