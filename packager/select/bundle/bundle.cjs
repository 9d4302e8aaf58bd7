'use strict';
// Joins each entry with what it imports into one file; started by packager.select.bundle, never shipped.
//
// Usage: node bundle.cjs TOOL_FOLDER < REQUEST.json
// Request: root (absolute, no links), out (folder to write to), target ("node22"), conditions (those that Node takes
// beside its own), external (package names, or ["*"]), files (own code that stays a file), plain (whether the own
// TypeScript is wanted as JavaScript, file by file), entries: [{ entry, output, format }], paths relative to root.
// Answer on stdout: { files: [{ output, inputs, asks }], plain: { path: text }, apart: { path: why }, located: [path],
// outside: [package] } or { errors: [text] }.

const fs = require('fs');
const { builtinModules, createRequire } = require('module');
const path = require('path');

const request = JSON.parse(fs.readFileSync(0, 'utf8'));
const esbuild = createRequire(path.join(process.argv[2], 'package.json'))('esbuild');

// What joined code refers to is declared in front of it, as far as it does: where the code was written, since its
// templates, its data and what it asks for by a computed name keep their places, though it moves into the entry itself.
const COMMON = {
  __packagerAt: '(name)=>__packagerPaths.join(__packagerHome,name)',
  __packagerUrlOf: '(name)=>__packagerUrls.pathToFileURL(name).href',
  __packagerFrom: '(name)=>__packagerCreate(__packagerAt(name))',
  __packagerImportFrom:
    '(place)=>(name)=>import(/^\\.\\.?\\//.test(name)?new URL(name,__packagerUrlOf(__packagerAt(place))).href:name)',
  __packagerImport: '(name)=>import(name)',
  // In the place of esbuild's own: a name is looked up as Node does it, and what is not there fails as in Node.
  __packagerGlob:
    "(map)=>(name)=>{const clear=('./'+__packagerPaths.posix.normalize(name)).replace('./../','../');" +
    "const ends=['','.js','.json','.node','.cjs','.mjs','.ts','.tsx','.cts','.mts','/index.js','/index.json','/index.ts'];" +
    "const names=[name,...ends.map((end)=>clear+end),...['.$1ts','.tsx'].map((end)=>clear.replace(/\\.([cm]?)js$/,end))];" +
    'const found=names.find((each)=>Object.prototype.hasOwnProperty.call(map,each));if(found!==undefined)return map[found]();' +
    "const wrong=Object.assign(new Error(`Cannot find module '${name}'`),{code:'MODULE_NOT_FOUND'});" +
    'if(/^\\(\\)=>Promise\\b/.test(Object.values(map)[0]))return Promise.reject(wrong);throw wrong}',
};
const CJS = {
  __packagerRequire: 'require',
  __packagerCreate: "require('module').createRequire",
  __packagerUrls: "require('url')",
  __packagerPaths: "require('path')",
  __packagerFilename: '__filename',
  __packagerHome: '__dirname',
  __packagerDirname: '__dirname',
  ...COMMON,
  __packagerUrl: '__packagerUrlOf(__filename)',
  __packagerResolve:
    '(name)=>{const found=require.resolve(name);return __packagerPaths.isAbsolute(found)?__packagerUrlOf(found):found}',
};
const ESM = {
  __packagerRequire: '__packagerCreate(import.meta.url)',
  __packagerUrl: 'import.meta.url',
  __packagerFilename: '__packagerUrls.fileURLToPath(import.meta.url)',
  __packagerHome: '__packagerPaths.dirname(__packagerFilename)',
  __packagerDirname: '__packagerHome',
  ...COMMON,
};
const ESM_IMPORTS =
  "import{createRequire as __packagerCreate}from'node:module';import __packagerUrls from'node:url';" +
  "import __packagerPaths from'node:path';";
// CommonJS code in an ES module asks for these; a declaration of our own could clash with one of the code's.
const ESM_GLOBALS =
  'globalThis.require??=__packagerRequire;globalThis.__filename??=__packagerFilename;globalThis.__dirname??=__packagerHome;';

function preamble(text, format) {
  const known = format === 'esm' ? ESM : CJS;
  const wanted = new Set();
  const want = (code) => {
    for (const [name] of code.matchAll(/\b__packager\w+/g)) {
      if (name in known && !wanted.has(name)) {
        wanted.add(name);
        want(known[name]);
      }
    }
  };
  want(text);
  if (format === 'esm') want(ESM_GLOBALS);
  const declared = Object.keys(known).filter((name) => wanted.has(name)).map((name) => `${name}=${known[name]}`);
  if (!declared.length) return '';
  return `${format === 'esm' ? ESM_IMPORTS : ''}const ${declared.join(',')};${format === 'esm' ? ESM_GLOBALS : ''}`;
}

const ESBUILD_GLOB =
  /([\w$]+)=\(?([\w$]+)\)?=>\(?([\w$]+)\)?=>\{var ([\w$]+)=\2\[\3\];if\(\4\)return \4\(\);throw new Error\("Module not found in bundle: "\+\3\)\}/;

const LOADERS = { js: 'js', cjs: 'js', mjs: 'js', jsx: 'jsx', ts: 'ts', cts: 'ts', mts: 'ts', tsx: 'tsx' };
// Others are loaded as Node would: from their own place, where they stay.
const KNOWN = /\.([cm]?[jt]s|[jt]sx|json|txt|css)$/;
const TYPESCRIPT = /\.([cm]?ts|tsx)$/;

const isBuiltin = (name) => name.startsWith('node:') || builtinModules.includes(name);
const inner = (file) => path.relative(request.root, file).split(path.sep).join('/');
const packaged = (name) => name.split('/').includes('node_modules');
const isRelative = (name) => /^\.{0,2}\//.test(name) || name === '.' || name === '..';

// From the folder of an output to a file of the tree, as code there would write it.
function towards(output, file) {
  const way = path.relative(path.dirname(path.join(request.root, output)), file).split(path.sep).join('/');
  return way.startsWith('.') ? way : `./${way}`;
}

function declarations(text, file, output) {
  const name = inner(file);
  const place = towards(output, file).replace(TYPESCRIPT, (end) => end.replace('ts', 'js').replace('x', ''));
  if (name.startsWith('..') || path.posix.dirname(place) === '.') return '';
  const declared = (word) => new RegExp(`\\b(const|let|var)\\s+\\{?\\s*${word}\\b`).test(text);
  const at = `__packagerAt(${JSON.stringify(place)})`;
  const found = [];
  if (/\b__dirname\b/.test(text) && !declared('__dirname') && !declared('__filename')) {
    found.push(`__dirname=__packagerPaths.dirname(${at})`);
  }
  if (/\b__filename\b/.test(text) && !declared('__filename')) found.push(`__filename=${at}`);
  if (/\bimport\s*\.\s*meta\b/.test(text)) {
    found.push(`__packagerFilename=${at},__packagerDirname=__packagerPaths.dirname(__packagerFilename)`);
    found.push('__packagerUrl=__packagerUrlOf(__packagerFilename)');
  }
  if (/\b__packagerRequire\b/.test(text)) found.push(`__packagerRequire=__packagerFrom(${JSON.stringify(place)})`);
  if (/\b__packagerImport\b/.test(text)) found.push(`__packagerImport=__packagerImportFrom(${JSON.stringify(place)})`);
  return found.length ? `const ${found.join(',')};` : '';
}

function withItsPlace(text, file, output) {
  const added = declarations(text, file, output);
  if (!added) return text;
  // Directives must stay first.
  const start = /^(#![^\n]*\n)?(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*(?:(['"])use strict\2\s*(?:;|\n))?/.exec(text)[0].length;
  return `${text.slice(0, start)}${added}${text.slice(start)}`;
}

// A name that is put together at run time, or means nothing that is there, is asked for when the call is made, as it
// would have been: by a `require` of the place where the code was written.
function hushed(text, places) {
  const lines = text.split('\n');
  for (const { line, column } of [...places].sort((a, b) => b.column - a.column)) {
    const bytes = Buffer.from(lines[line - 1]);
    const before = bytes.subarray(0, column).toString();
    const after = bytes.subarray(column).toString();
    const call = before.replace(/\brequire(\.resolve)?\(\s*$/, '__packagerRequire$1(').replace(/\bimport\(\s*$/, '__packagerImport(');
    const name = after.replace(/^require\b/, '__packagerRequire').replace(/^import(?=\s*\()/, '__packagerImport');
    lines[line - 1] = call + name;
  }
  return lines.join('\n');
}

function reading(output, { hush, files: stays }) {
  return {
    name: 'packager',
    setup(build) {
      build.onResolve({ filter: /^\.{0,2}\// }, async ({ path: name, pluginData, ...asked }) => {
        if (pluginData === 'asked' || asked.kind === 'entry-point' || !stays.size) return undefined;
        const { importer, namespace, resolveDir, kind } = asked;
        const found = await build.resolve(name, { importer, namespace, resolveDir, kind, pluginData: 'asked' });
        if (found.errors.length || !stays.has(inner(found.path))) return undefined;
        return { path: towards(output, found.path), external: true };
      });
      build.onLoad({ filter: /.*/ }, async ({ path: file }) => {
        if (!KNOWN.test(file)) {
          const there = JSON.stringify(towards(output, file));
          return { contents: `module.exports=__packagerRequire(${there})`, loader: 'js', resolveDir: path.dirname(file) };
        }
        const loader = LOADERS[path.extname(file).slice(1)];
        if (!loader) return undefined;
        const text = await fs.promises.readFile(file, 'utf8');
        const contents = withItsPlace(hushed(text, hush.get(inner(file)) || []), file, output);
        return contents === text ? undefined : { contents, loader, resolveDir: path.dirname(file) };
      });
    },
  };
}

function build({ entry, output, format }, state) {
  const external = [...request.external, ...state.unresolved];
  return esbuild.build({
    absWorkingDir: request.root,
    entryPoints: [path.join(request.root, entry)],
    // Never written there: it is what paths in the source map and in import() are relative to.
    outfile: path.join(request.root, output),
    allowOverwrite: true,
    write: false,
    bundle: true,
    platform: 'node',
    target: request.target,
    format,
    // Any list keeps esbuild from taking `module`, which Node never does.
    conditions: request.conditions,
    minify: true,
    // Names of classes and functions are looked at when code runs: errors, validators, clients of cloud services.
    keepNames: true,
    legalComments: 'eof',
    sourcemap: 'external',
    metafile: true,
    logLevel: 'silent',
    logLimit: 0,
    logOverride: {
      'indirect-require': 'warning',
      'require-resolve-not-external': 'warning',
      'unsupported-dynamic-import': 'warning',
      'unsupported-require-call': 'warning',
    },
    mainFields: ['main'],
    // For browsers.
    loader: { '.css': 'empty' },
    define: {
      'import.meta.url': '__packagerUrl',
      'import.meta.filename': '__packagerFilename',
      'import.meta.dirname': '__packagerDirname',
      ...(format === 'esm' ? {} : { 'import.meta.resolve': '__packagerResolve', 'import.meta.main': 'false' }),
    },
    plugins: [reading(output, state)],
    ...(external.includes('*') ? { packages: 'external' } : { external: external.flatMap((name) => [name, `${name}/*`]) }),
  });
}

async function join(job, state) {
  let result = await build(job, state);
  for (const [name, { imports }] of Object.entries(result.metafile.inputs)) {
    if (packaged(name) && imports.some(({ path: asked }) => asked.includes('*'))) {
      state.apart[name] = 'it loads its own files by computed names';
    }
  }
  if (await judge(result.warnings, state)) result = await build(job, state);
  const map = result.outputFiles.find(({ path: name }) => name.endsWith('.map'));
  const [text, mapped] = declared(result.outputFiles.find((file) => file !== map).text, map.text, job.format);
  const place = path.join(request.out, job.output);
  await fs.promises.mkdir(path.dirname(place), { recursive: true });
  await fs.promises.writeFile(place, text);
  await fs.promises.writeFile(`${place}.map`, mapped);
  const [, made] = Object.entries(result.metafile.outputs).find(([name]) => !name.endsWith('.map'));
  const names = Object.keys(result.metafile.inputs).sort();
  for (const { path: name, external } of made.imports) {
    if (!external || isRelative(name) || name.includes('*') || isBuiltin(name)) continue;
    state.outside.add(packageNamed(name));
  }
  return { output: job.output, inputs: names.filter((name) => KNOWN.test(name)), asks: asks(made.imports, job, names) };
}

// Puts what the code refers to in front of it, in a line of its own, which the source map counts.
function declared(joined, map, format) {
  // As long as what it takes the place of.
  const text = joined.replace(ESBUILD_GLOB, (all, name) => `${name}=__packagerGlob`.padEnd(all.length));
  if (text.includes('Module not found in bundle: ')) throw new Error('esbuild looks up computed names in a new way');
  const added = preamble(text, format);
  if (!added) return [text, map];
  const [start, hashbang, strict] = /^(#![^\n]*\n)?("use strict";)?/.exec(text);
  const rest = text.slice(start.length);
  const mapped = JSON.parse(map);
  mapped.mappings = hashbang ? mapped.mappings.replace(';', ';;') : `;${mapped.mappings}`;
  return [`${hashbang || ''}${strict || ''}${added}\n${strict || ''}${rest}`, `${JSON.stringify(mapped, null, 2)}\n`];
}

// What the joined code asks for outside, as a module that only does that: the tracer need not read the rest.
function asks(imports, { output }, names) {
  const forms = {
    'import-statement': (name) => `import ${name};`,
    'dynamic-import': (name) => `import(${name});`,
    'require-resolve': (name) => `require.resolve(${name});`,
  };
  const lines = imports
    .filter(({ external, path: name }) => external && !name.includes('*'))
    .map(({ kind, path: name }) => (forms[kind] || ((text) => `require(${text});`))(JSON.stringify(name)));
  const files = names.filter((name) => !KNOWN.test(name));
  lines.push(...files.map((name) => `require(${JSON.stringify(towards(output, path.join(request.root, name)))});`));
  return [...new Set(lines)].sort().join('\n');
}

// What does a call ask for whose name is not spelt out? A path is of the place where the code was written.
function byPath(text, { lineText, column, length }) {
  const words = Buffer.from(lineText).subarray(column + length).toString().replace(/^\s*\(\s*/, '');
  const argument = words.slice(0, 200);
  const path = /__dirname|__filename|import\.meta|\b(join|resolve)\s*\(|['"`]\.{0,2}\//;
  const name = /^([\w$]+)\s*[),]/.exec(argument);
  if (!name) return path.test(argument.split(/[;\n]/)[0]);
  const given = new RegExp(`\\b${name[1].replace(/\$/g, '\\$')}\\s*=[^;\\n=]{0,200}(${path.source})`);
  return given.test(text);
}

// Notes which file a path in a call of require.resolve means: it must be there, joined or not.
function locate(folder, name, located) {
  if (!isRelative(name)) return;
  for (const end of ['', '.js', '.json', '.node', '.cjs', '.mjs', '/index.js']) {
    const file = path.resolve(folder, name + end);
    if (fs.existsSync(file) && fs.statSync(file).isFile()) {
      located.add(inner(file));
      return;
    }
  }
}

// Notes which packages cannot be joined, and which calls must ask where their code was written. Returns whether any
// call was added.
async function judge(warnings, { hush, apart, located }) {
  let more = false;
  for (const { id, text, location } of warnings) {
    if (!location || !/^(indirect-require|require-resolve-not-external|unsupported-)/.test(id)) continue;
    const name = location.file;
    if (id === 'indirect-require') {
      apart[name] = 'it hands `require` on';
      continue;
    }
    if (id === 'require-resolve-not-external') {
      const asked = text.split(' should be')[0];
      if (packaged(name)) apart[name] = `it asks where ${asked} lies`;
      else locate(path.dirname(path.join(request.root, name)), JSON.parse(asked), located);
    } else {
      const source = await fs.promises.readFile(path.join(request.root, name), 'utf8');
      if (packaged(name) && byPath(source, location)) apart[name] = 'it loads its own files by computed names';
    }
    const places = hush.get(name) || [];
    if (places.some(({ line, column }) => line === location.line && column === location.column)) continue;
    hush.set(name, [...places, location]);
    more = true;
  }
  return more;
}

const MISSING = /^Could not resolve "([^"]+)"$/;
const MATCHLESS = /^Could not resolve (?:require|import|require\.resolve)\(/;
const AWAITS = /top-level await/i;

function isCall({ lineText, column }) {
  return /\b(require(\.resolve)?|import)\(\s*$/.test(Buffer.from(lineText).subarray(0, column).toString());
}

// Code that awaits while it is loaded can be no part of CommonJS: the package stays outside, an own file stays a file.
function setApart({ location, notes }, state) {
  const places = [location, ...(notes || []).map((note) => note.location)].filter(Boolean);
  const files = places.map(({ file }) => file);
  const found = files.filter((file) => packaged(file) || !state.entries.has(file));
  const added = found.filter((file) => !(file in state.apart));
  for (const file of added) {
    state.apart[file] = 'it awaits at its top level';
    if (packaged(file)) state.unresolved.add(packageOf(file)); // for now: who asked decides what else stays outside
    else state.files.add(file);
  }
  return added.length > 0;
}

function packageOf(file) {
  return packageNamed(file.slice(file.lastIndexOf('node_modules/') + 13));
}

function packageNamed(text) {
  const [scope, name] = text.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

// Optional modules, and names that mean nothing here, are left to run time, where the code has its own way to do without.
// Returns whether that leaves something else to try. The same module may be missed at many places.
function learn(errors, state) {
  let learnt = false;
  for (const error of errors) {
    const { text, location } = error;
    const bare = MISSING.exec(text);
    if (bare && !isRelative(bare[1])) {
      learnt = learnt || !state.unresolved.has(bare[1]);
      state.unresolved.add(bare[1]);
    } else if (location && (MATCHLESS.test(text) || (bare && isCall(location)))) {
      const places = state.hush.get(location.file) || [];
      if (places.some(({ line, column }) => line === location.line && column === location.column)) return false;
      state.hush.set(location.file, [...places, location]);
      learnt = true;
    } else if (AWAITS.test(text)) {
      if (!setApart(error, state)) return false;
      learnt = true;
    } else {
      return false;
    }
  }
  return learnt;
}

async function attempt(job, state) {
  try {
    return await join(job, state);
  } catch (error) {
    if (!Array.isArray(error.errors) || !learn(error.errors, state)) throw error;
    return attempt(job, state);
  }
}

// A tracer reads no TypeScript.
async function asJavaScript(files) {
  const found = {};
  for (const name of new Set(files.flatMap(({ inputs }) => inputs))) {
    if (!TYPESCRIPT.test(name) || packaged(name)) continue;
    const loader = LOADERS[path.extname(name).slice(1)];
    const text = await fs.promises.readFile(path.join(request.root, name), 'utf8');
    found[name] = (await esbuild.transform(text, { loader, target: request.target, logLevel: 'silent' })).code;
  }
  return found;
}

async function main() {
  const state = {
    entries: new Set(request.entries.map(({ entry }) => entry)),
    files: new Set(request.files),
    unresolved: new Set(),
    outside: new Set(),
    located: new Set(),
    hush: new Map(),
    apart: {},
  };
  const files = [];
  for (const job of request.entries) files.push(await attempt(job, state));
  return {
    files,
    plain: request.plain ? await asJavaScript(files) : {},
    apart: state.apart,
    located: [...state.located].sort(),
    outside: [...state.outside].sort(),
  };
}

function said(error) {
  if (!Array.isArray(error.errors)) return [String(error.stack || error)];
  return error.errors.map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text));
}

main()
  .catch((error) => ({ errors: said(error) }))
  .then((answer) => process.stdout.write(JSON.stringify(answer)));
