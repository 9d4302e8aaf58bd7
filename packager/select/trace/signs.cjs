'use strict';
// What a text of code shows of what it opens at run time and no tracer can follow; of trace.cjs.

const fs = require('fs');
const { builtinModules } = require('module');
const path = require('path');

const LITERAL = /(['"`])((?:(?!\1)[^\\\n$])*)\1/g;
const HERE = /\b__(?:dirname|filename)\b|\bimport\.meta\.(?:url|dirname|filename)\b/;
const HOOKING =
  /\bModule\._load\s*=(?!=)|\bprototype\.require\s*=(?!=)|\bregisterHooks\s*\(|\b[Mm]odule\)?\.register\s*\(/;
const HOOKS = /(^|\/)node_modules\/(require|import)-in-the-middle\//;

// Uses of its own place that are spelt out, and so followed: they are taken away to see what is left.
const FOLLOWED = [
  /\btypeof\s+__(?:dirname|filename)\b/g,
  /\b__filename\s*=\s*[^=;,\n]{0,60}\bimport\.meta\.url\s*\)+/g,
  /\b__dirname\s*=\s*[^=;,\n]{0,60}(?:\b__filename|\bimport\.meta\.url)\s*\)+/g,
  /\bcreateRequire\)?\(\s*(?:import\.meta\.url|__filename|__dirname)\s*\)/g,
  /\(\s*(?:__dirname|import\.meta\.dirname)(?:\s*,\s*(['"`])[^'"`$\n]*\1)+\s*\)/g,
  /\b__dirname\s*\+\s*(['"`])[^'"`$\n]*\1(?!\s*\+)/g,
  /`\$\{__dirname\}[^`$\n]*`/g,
  /\bnew URL\(\s*(['"`])[^'"`$\n]*\1\s*,\s*import\.meta\.url\s*\)/g,
  /\bmodule\.(?:exports\.)?_?filename\b/g,
];
// Its own folder, handed to whoever asks.
const HANDED = /(?:\breturn|=>|\bexports(?:\.\w+)?\s*=|\b(?:resolve|join|normalize)\(|\breaddir\w*\()\s*__dirname\s*[;,)\n}]/;
const COMPUTED = /\b(?:require|import)\(\s*(?:\/\*(?:(?!\*\/)[^])*\*\/\s*)*([^\s'"`)/][^)\n]{0,120})\)/g;

// Is code loaded from a path that begins at the code's own place?
function loadsFromHere(text) {
  for (const [, argument] of text.matchAll(COMPUTED)) {
    if (HERE.test(argument)) return true;
    if (!/^[\w$]+$/.test(argument.trim())) continue;
    const name = argument.trim().replace(/\$/g, '\\$');
    if (new RegExp(`(?:^|[^\\w$.])${name}\\s*=(?!=)[^;\\n]{0,200}(?:${HERE.source})`).test(text)) return true;
  }
  return false;
}

function placed(rest, text) {
  if (HERE.test(rest)) return 'it builds paths from its own place';
  if (/\bworker_threads\b/.test(text) && /\bnew\s+[\w$.()]*\bWorker\s*\(/.test(text)) return 'it starts workers';
  if (/\bchild_process\b/.test(text) && /\bfork\(/.test(text)) return 'it starts other scripts';
  if (/\bWebAssembly\b/.test(text) && /\.wasm\b/.test(text)) return 'it loads WebAssembly';
  return '';
}

// → { place, whole: why, or empty; hooks; code: names of code in texts; text: of own code }
function look(name, text) {
  const own = !name.includes('node_modules/');
  const found = { place: '', whole: '', hooks: HOOKS.test(`/${name}`) || HOOKING.test(text), code: [], text: own ? text : '' };
  const computes = text.search(COMPUTED) >= 0;
  if (!computes && !HERE.test(text) && !/\bWorker\b|\bfork\(|\.wasm\b/.test(text)) return found;
  const rest = FOLLOWED.reduce((left, form) => left.replace(form, ''), text);
  found.place = placed(rest, text);
  if (HERE.test(rest) && (HANDED.test(rest) || loadsFromHere(rest))) found.whole = 'its files are looked for in its folder';
  if (computes || found.place) {
    const texts = [...text.matchAll(LITERAL)].map((match) => match[2]);
    found.code = texts.filter((each) => /^[\w@./-]+\.[cm]?js$/.test(each) && each.length < 200);
  }
  return found;
}

// Names of packages that stand in texts of own code, other than as keys of an object.
function ownNames(text, names) {
  const wanted = new Set(names.filter((name) => !builtinModules.includes(name)));
  const found = new Set();
  for (const { 0: all, 2: name, index } of wanted.size ? text.matchAll(LITERAL) : []) {
    const [before, after] = [text.slice(Math.max(0, index - 20), index), text.slice(index + all.length, index + all.length + 20)];
    const key = /[\w$)\]]\s*\[\s*$/.test(before) || (/[{,]\s*$/.test(before) && /^\s*:/.test(after));
    if (wanted.has(name) && !key) found.add(name);
  }
  return [...found].sort();
}

// Folders that own code opens by paths with something to fill in, or serves: their files are read when it runs.
function ownFolders(root, name, text) {
  const found = {};
  const add = (folder, why) => {
    const inside = path.posix.normalize(folder);
    if (inside === '.' || inside.startsWith('..') || inside.split('/').includes('node_modules')) return;
    const there = path.join(root, inside);
    if (fs.existsSync(there) && fs.statSync(there).isDirectory()) found[inside] = why;
  };
  for (const [, , literal] of text.matchAll(LITERAL)) {
    const hole = literal.search(/\{\{|%s|\{\w+\}/);
    const folder = hole >= 0 ? literal.slice(0, hole).replace(/[^/]*$/, '') : '';
    if (!folder.includes('/') || /:\/\//.test(literal)) continue;
    add(folder.replace(/^\/+/, ''), `${name} fills in ${literal}`);
    add(path.posix.join(path.posix.dirname(name), folder), `${name} fills in ${literal}`);
  }
  for (const [, , literal] of text.matchAll(/\bstatic\(\s*(['"`])([\w./-]+)\1/g)) add(literal, `${name} serves it`);
  for (const [, literal] of text.matchAll(/\bnode_modules\/((?:@[\w.-]+\/)?[\w.-]+(?:\/[\w.-]+)*)/g)) {
    found[`node_modules/${literal}`] = `${name} names its path`;
  }
  for (const [, , literal] of text.matchAll(/\bresolve\(\s*(['"`])((?:@[\w.-]+\/)?[\w.-]+)(?:\/package\.json)?\1\s*\)/g)) {
    if (fs.existsSync(path.join(root, 'node_modules', literal))) {
      found[`node_modules/${literal}`] = `${name} asks where it lies`;
    }
  }
  return found;
}

module.exports = { look, ownFolders, ownNames };
