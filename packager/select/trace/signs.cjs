'use strict';
// What a text of code shows of what it opens at run time and no tracer can follow; of trace.cjs.

const fs = require('fs');
const { builtinModules } = require('module');
const path = require('path');

const LITERAL = /(['"`])((?:(?!\1)[^\\\n$])*)\1/g;
const HERE = /\b__(?:dirname|filename)\b|\bimport\.meta\.(?:url|dirname|filename)\b|\bmodule\.(?:filename|path)\b/;
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
  /\bbasename\(\s*__filename\b[^)]*\)/g,
];
// Its own folder, handed to its callers.
const HANDED = /(?:\breturn|=>|\bexports(?:\.\w+)?\s*=|\b(?:resolve|join|normalize)\(|\breaddir\w*\()\s*__dirname\s*[;,)\n}]/;
const COMPUTED = /\b(?:require|import)\(\s*(?:\/\*(?:(?!\*\/)[^])*\*\/\s*)*([^\s'"`)/][^)\n]{0,120})\)/g;

// `require` under another name, or as an argument.
const HANDED_ON = /[=(,:]\s*require\s*[;,)\n]/;

// Is code loaded from a path that begins at the code's own place?
function loadsFromHere(text) {
  for (const argument of new Set([...text.matchAll(COMPUTED)].map((match) => match[1]))) {
    if (HERE.test(argument)) return true;
    if (!/^[\w$]+$/.test(argument.trim())) continue;
    const name = argument.trim().replace(/\$/g, '\\$');
    if (new RegExp(`(?:^|[^\\w$.])${name}\\s*=(?!=)[^;\\n]{0,200}(?:${HERE.source})`).test(text)) return true;
  }
  return false;
}

// Another thread or process of Node.
function starts(text) {
  if (/\bworker_threads\b/.test(text) && /\bnew\s+[\w$.()]*\bWorker\s*\(/.test(text)) return 'it starts workers';
  return /\bchild_process\b/.test(text) && /\bfork\(/.test(text) ? 'it starts other scripts' : '';
}

function placed(rest, text) {
  if (HERE.test(rest)) return 'it builds paths from its own place';
  if (starts(text)) return starts(text);
  if (/\bWebAssembly\b/.test(text) && /\.wasm\b/.test(text)) return 'it loads WebAssembly';
  return '';
}

// → { place, whole: why, or empty; hooks; code: names of code in texts; data: { folder: why }; 
// computes: whether it loads by names it puts together; names: of packages in texts; text: of own code }
function look(name, text, { root, named }) {
  const own = !name.includes('node_modules/');
  const computes = text.search(COMPUTED) >= 0 || HANDED_ON.test(text);
  const hooks = HOOKS.test(`/${name}`) || HOOKING.test(text);
  const found = { place: '', whole: '', hooks, computes, code: [], data: {}, unneeded: [], names: namesIn(text, named), text: own ? text : '' };
  if (!computes && !HERE.test(text) && !/\bWorker\b|\bfork\(|\.wasm\b/.test(text)) return found;
  const rest = FOLLOWED.reduce((left, form) => left.replace(form, ''), text);
  found.place = placed(rest, text);
  found.data = dataFolders(root, name, text);
  if (HERE.test(rest) && (HANDED.test(rest) || loadsFromHere(rest))) found.whole = 'its files are looked for in its folder';
  const texts = [...text.matchAll(LITERAL)].map((match) => match[2]);
  found.unneeded = Object.keys(found.data).flatMap((folder) => neverNamed(root, folder, text, texts));
  if (computes || found.place) {
    const home = path.join(root, path.dirname(name));
    found.code = texts.flatMap((each) => meant(home, each));
    if (starts(text)) found.code.push(...codeIn(home, './').filter((each) => /worker|thread|child/i.test(each)));
    const folders = computes ? texts.filter((each) => /^\.{1,2}\/(?:[\w-]+\/)+$/.test(each)) : [];
    found.code.push(...folders.flatMap((each) => codeIn(home, each)));
  }
  return found;
}

// The file that a text means, as Node resolves it beside the code that has it.
function meant(home, text) {
  if (!/^[\w@.-][\w@./-]{0,200}$/.test(text) || !(text.startsWith('.') || /\.[cm]?js$/.test(text))) return [];
  const found = ['', '.js', '.cjs', '.mjs', '/index.js'].map((end) => text + end).find((each) => {
    const file = path.join(home, each);
    return /\.[cm]?js$/.test(each) && fs.existsSync(file) && fs.statSync(file).isFile();
  });
  return found ? [found] : [];
}

function codeIn(home, folder) {
  const there = path.join(home, folder);
  if (!fs.existsSync(there) || !fs.statSync(there).isDirectory()) return [];
  return fs.readdirSync(there).filter((name) => /\.[cm]?js$/.test(name)).map((name) => `${folder}${name}`);
}

// Files of a folder that code opens which it has no name for: it spells out others of their ending and builds no name.
function neverNamed(root, folder, text, texts) {
  const there = fs.readdirSync(path.join(root, folder), { withFileTypes: true }).filter((each) => each.isFile());
  const spelt = new Set(texts.map((each) => path.posix.basename(each)));
  const endings = new Set(there.map(({ name }) => path.extname(name)));
  const idle = [];
  for (const ending of endings) {
    const names = there.map(({ name }) => name).filter((name) => path.extname(name) === ending);
    const built = text.split(ending).slice(0, -1).some((before) => /['"`}*]$/.test(before));
    if (ending && !built && names.some((name) => spelt.has(name))) idle.push(...names.filter((name) => !spelt.has(name)));
  }
  return idle.map((name) => `${folder}/${name}`);
}

// Names of packages that stand in texts, other than as keys of an object.
function namesIn(text, names) {
  const wanted = new Set(names.filter((name) => text.includes(name) && !builtinModules.includes(name)));
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
  const [found, data] = [{}, {}];
  const add = (where, folder, why) => {
    const inside = path.posix.normalize(folder).replace(/\/$/, '');
    if (inside === '.' || inside.startsWith('..') || inside.split('/').includes('node_modules')) return;
    const there = path.join(root, inside);
    if (fs.existsSync(there) && fs.statSync(there).isDirectory()) where[inside] = why;
  };
  for (const [, , literal] of text.matchAll(LITERAL)) {
    const hole = literal.search(/\{\{|%s|\{\w+\}/);
    const folder = hole >= 0 ? literal.slice(0, hole).replace(/[^/]*$/, '') : '';
    if (!folder.includes('/') || /:\/\//.test(literal)) continue;
    add(data, folder.replace(/^\/+/, ''), `${name} fills in ${literal}`);
    add(data, path.posix.join(path.posix.dirname(name), folder), `${name} fills in ${literal}`);
  }
  for (const [, , literal] of text.matchAll(/\bstatic\(\s*(['"`])([\w./-]+)\1/g)) add(found, literal, `${name} serves it`);
  for (const [, literal] of text.matchAll(/\bnode_modules\/((?:@[\w.-]+\/)?[\w.-]+(?:\/[\w.-]+)*)/g)) {
    found[`node_modules/${literal}`] = `${name} names its path`;
  }
  for (const [, , literal] of text.matchAll(/\bresolve\(\s*(['"`])((?:@[\w.-]+\/)?[\w.-]+)(?:\/package\.json)?\1\s*\)/g)) {
    if (fs.existsSync(path.join(root, 'node_modules', literal))) {
      found[`node_modules/${literal}`] = `${name} asks where it lies`;
    }
  }
  return { folders: found, data };
}

// Folders beside it that a file spells out and then opens by names it does not: their data is read when it runs.
function dataFolders(root, name, text) {
  const home = path.posix.dirname(name);
  const inside = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(home);
  const found = {};
  const add = (parts) => {
    const folder = path.posix.join(home, ...parts).replace(/\/$/, '');
    if (/\.\w+$/.test(folder) || folder === '.' || folder.startsWith('..') || (inside && folder.length <= inside[0].length)) return;
    const there = path.join(root, folder);
    if (fs.existsSync(there) && fs.statSync(there).isDirectory()) found[folder] = `${name} opens it`;
  };
  const texts = (words) => [...words.matchAll(LITERAL)].map((match) => match[2]);
  for (const [, words] of text.matchAll(/\(\s*(?:__dirname|import\.meta\.dirname)((?:\s*,\s*(['"`])[^'"`$\n]*\2)+)/g)) add(texts(words));
  for (const [, words] of text.matchAll(/\b__dirname\s*\+\s*((['"`])\/[^'"`$\n]*\2)/g)) add(texts(words));
  for (const [, word] of text.matchAll(/`\$\{__dirname\}([^`$\n]*)/g)) add([word]);
  for (const [, words] of text.matchAll(/\bnew URL\(\s*((['"`])[^'"`$\n]*\2)\s*,\s*import\.meta\.url/g)) add(texts(words));
  return found;
}

module.exports = { dataFolders, look, ownFolders };
