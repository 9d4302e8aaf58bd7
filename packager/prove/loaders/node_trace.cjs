'use strict';
// Preloaded before node_loader.cjs when a start is taken apart: the time each package takes to load, and each engine.
//
// Times are the package's own: what it requires from other packages counts for those. Reported in one line at the end,
// with the number of files that were opened: by the module loader or by name; ES modules are read past this count.

const fs = require('fs');
const Module = require('module');
const { writeSync } = fs;
const { performance } = require('perf_hooks');

const [marker, fd] = process.argv.slice(2);
const spent = new Map(); // package → own milliseconds
const engines = new Map(); // native file → milliseconds
const running = []; // [package, milliseconds of what it has loaded]
const opened = new Set(); // paths of the bundle's files

for (const [object, name] of [[fs, 'readFileSync'], [fs, 'openSync'], [fs, 'open'], [fs, 'readFile'], [fs.promises, 'readFile']]) {
  const original = object[name];
  object[name] = function (path, ...rest) {
    if (typeof path === 'string' && !path.startsWith('/packager/') && !path.startsWith('/proc/')) opened.add(path);
    return original.call(this, path, ...rest);
  };
  Object.defineProperties(object[name], Object.getOwnPropertyDescriptors(original));
}

function packageOf(file) {
  const parts = file.split('/node_modules/');
  if (parts.length === 1) return file.startsWith('/packager/') ? 'packager' : 'the function itself';
  const names = parts[parts.length - 1].split('/');
  return names[0].startsWith('@') ? `${names[0]}/${names[1]}` : names[0];
}

function timed(name, table, act) {
  const frame = [name, 0];
  running.push(frame);
  const begin = performance.now();
  try {
    return act();
  } finally {
    const all = performance.now() - begin;
    running.pop();
    table.set(name, (table.get(name) || 0) + all - frame[1]);
    if (running.length > 0) running[running.length - 1][1] += all;
  }
}

for (const extension of ['.js', '.json']) {
  const load = Module._extensions[extension];
  Module._extensions[extension] = function (module, filename) {
    return timed(packageOf(filename), spent, () => load.call(this, module, filename));
  };
}

const dlopen = process.dlopen;
process.dlopen = function (module, filename, ...rest) {
  opened.add(String(filename));
  return timed(String(filename), engines, () => dlopen.call(this, module, filename, ...rest));
};

// The loader calls before its last line: the reader of the reports stops there.
process.once(marker, () => {
  const text = JSON.stringify({ step: 'trace', packages: [...spent], engines: [...engines], opened: opened.size });
  writeSync(Number(fd), `\n${marker} ${Buffer.from(text).toString('base64')}\n`);
});
