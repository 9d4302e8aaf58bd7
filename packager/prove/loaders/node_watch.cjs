'use strict';
// Notices what a bundle tries and is refused, also where it swallows the error: writes outside /tmp, connections to
// other hosts, processes beyond the limit. Required by node_loader.cjs before anything of the bundle.
//
// It passes everything on unchanged. What native code or a child process does by itself is not seen here; the counters
// of the control group still tell of processes and memory.

const childProcess = require('child_process');
const dgram = require('dgram');
const dns = require('dns');
const fs = require('fs');
const Module = require('module');
const net = require('net');

const { existsSync, readFileSync } = fs;
const { fileURLToPath } = require('url');

const WRITERS = [
  'appendFile', 'chmod', 'chown', 'copyFile', 'cp', 'link', 'mkdir', 'mkdtemp', 'open', 'rename', 'rm', 'rmdir',
  'symlink', 'truncate', 'unlink', 'utimes', 'writeFile',
]; // prettier-ignore
const LOCAL = /^(localhost|127(\.\d+){3}|::1|::ffff:127\..*|0\.0\.0\.0|::)?$/i;
const MOST = 20; // of a kind: a loop says the same again and again

// Calls an original and shows how it ended to `look`, whether it answers at once, to a callback or by a promise.
function noticing(object, name, look) {
  const original = object[name];
  if (typeof original !== 'function') return;
  function wrapper(...words) {
    const last = words.length - 1;
    const callback = words[last];
    if (typeof callback === 'function') {
      words[last] = function (error, ...rest) {
        look(words, error);
        return callback.call(this, error, ...rest);
      };
    }
    let result;
    try {
      result = new.target ? Reflect.construct(original, words, new.target) : Reflect.apply(original, this, words);
    } catch (error) {
      look(words, error);
      throw error;
    }
    if (result instanceof Promise) {
      return result.catch((error) => {
        look(words, error);
        throw error;
      });
    }
    look(words, null, result);
    return result;
  }
  // Promisified variants and names hang on the function itself.
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
  object[name] = wrapper;
}

function pathOf(word) {
  if (word instanceof URL) return fileURLToPath(word);
  return typeof word === 'string' || Buffer.isBuffer(word) ? String(word) : '';
}

function watch(tell) {
  const told = {};
  const notice = (kind, what) => {
    const known = (told[kind] = told[kind] || new Set());
    if (known.has(what) || known.size >= MOST) return;
    known.add(what);
    tell(kind, what);
  };

  const write = (words, error) => {
    if (!error || typeof error.code !== 'string') return;
    const path = pathOf(error.dest || error.path || words[0]);
    const inside = path.startsWith('/tmp/') || path.startsWith(`${process.env.TMPDIR || '/tmp'}/`);
    // Reading what one may not read is no attempt to write; mkdir with `recursive` says ENOENT where it may not write.
    const writing = error.code === 'EROFS' || (error.code === 'ENOENT' && error.syscall === 'mkdir' && path[0] === '/');
    const refused = /^(EACCES|EPERM)$/.test(error.code) && (error.syscall !== 'open' || /[wa+]/.test(String(words[1])));
    if (path && !inside && (writing || refused)) notice('write', path);
  };
  for (const name of WRITERS) {
    noticing(fs, name, write);
    noticing(fs, `${name}Sync`, write);
    noticing(fs.promises, name, write);
  }

  const reach = (host) => {
    if (typeof host === 'string' && !LOCAL.test(host)) notice('network', host);
  };
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...words) {
    const first = Array.isArray(words[0]) ? words[0][0] : words[0]; // net.connect hands on its arguments in an array
    if (first !== null && typeof first === 'object') reach(first.path ? '' : first.host);
    else if (typeof first === 'number' || /^\d+$/.test(first)) reach(words[1]);
    return connect.apply(this, words);
  };
  for (const [names, object] of [
    [['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveSrv', 'resolveTxt'], dns],
    [['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveSrv', 'resolveTxt'], dns.promises || {}],
  ]) {
    for (const name of names) noticing(object, name, (words) => reach(words[0]));
  }
  noticing(dgram.Socket.prototype, 'send', (words) => words.slice(1).forEach((word) => reach(hostIn(word))));

  const start = (words, error, result) => {
    const code = (error && error.code) || (result && result.error && result.error.code) || result;
    if (code === 'EAGAIN' || code === -11) notice('processes', 'a further process');
  };
  noticing(childProcess.ChildProcess.prototype, 'spawn', start);
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) noticing(childProcess, name, start);

  // `import { writeFile } from 'fs'` takes what is there when it is first imported.
  if (Module.syncBuiltinESMExports) Module.syncBuiltinESMExports(); // Node 10 has neither
}

function hostIn(word) {
  return typeof word === 'string' && /^[\w.:-]+$/.test(word) ? word : '';
}

// What the control group counted in all processes of the bundle: some that could not be started, some that were ended
// because the memory was used up. Version 2 and version 1; 0 where the system shows neither.
function refused() {
  const counted = (files, pattern) => {
    for (const file of files) {
      const found = existsSync(file) && pattern.exec(readFileSync(file, 'utf8'));
      if (found) return Number(found[1]);
    }
    return 0;
  };
  const group = '/sys/fs/cgroup/';
  return {
    refusedProcesses: counted([`${group}pids.events`, `${group}pids/pids.events`], /^max (\d+)/m),
    memoryKills: counted([`${group}memory.events`, `${group}memory/memory.oom_control`], /^oom_kill (\d+)/m),
  };
}

module.exports = { refused, watch };
