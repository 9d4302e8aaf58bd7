'use strict';
// Joins each entry with what it imports into one file; started by packager.select.bundle, never shipped.
//
// Usage: node bundle.cjs TOOL_FOLDER < REQUEST.json
// Request: root (absolute, no links), out (folder to write to), target ("node22"), external (package names, or ["*"]),
// entries: [{ entry, output, format }], paths relative to root.
// Answer on stdout: { files: [{ output, inputs }] } or { errors: [text] }.

const fs = require('fs');
const { createRequire } = require('module');
const path = require('path');

const request = JSON.parse(fs.readFileSync(0, 'utf8'));
const esbuild = createRequire(path.join(process.argv[2], 'package.json'))('esbuild');

// CommonJS code in an ES module asks for these; a declaration of our own could clash with one of the code's.
const ESM_BANNER =
  "import{createRequire as __packagerCreate}from'node:module';import{fileURLToPath as __packagerPath}from'node:url';" +
  "import{dirname as __packagerFolder}from'node:path';const __packagerRequire=__packagerCreate(import.meta.url);" +
  'const __packagerImport=(name)=>import(name);globalThis.require??=__packagerRequire;' +
  'globalThis.__filename??=__packagerPath(import.meta.url);globalThis.__dirname??=__packagerFolder(__filename);' +
  'const __packagerHome=__packagerFolder(__packagerPath(import.meta.url));';
const CJS_BANNER =
  'const __packagerHome=__dirname,__packagerRequire=require,__packagerImport=(name)=>import(name);';

const LOADERS = { js: 'js', cjs: 'js', mjs: 'js', jsx: 'jsx', ts: 'ts', cts: 'ts', mts: 'ts', tsx: 'tsx' };

// The project's own code finds its templates and data by __dirname: it goes on meaning the folder the code was written
// in, whose files keep their places, though the code itself moves into the entry.
function withItsFolder(text, file, output) {
  const inner = path.relative(request.root, file);
  if (inner.startsWith('..') || inner.split(path.sep).includes('node_modules')) return text;
  const from = path.relative(path.dirname(path.join(request.root, output)), path.dirname(file));
  if (from === '' || !/\b__(dirname|filename)\b/.test(text)) return text;
  if (/\b(const|let|var)\s+\{?\s*__(dirname|filename)\b/.test(text)) return text;
  const folder = `require("path").join(__packagerHome,${JSON.stringify(from)})`;
  const start = text.startsWith('#!') ? text.indexOf('\n') + 1 : 0;
  const name = `,__filename=require("path").join(__dirname,${JSON.stringify(path.basename(file))})`;
  const home = `const __dirname=${folder}${/\b__filename\b/.test(text) ? name : ''};`;
  return text.slice(0, start) + home + text.slice(start);
}

// What a name put together at run time could mean is bundled by esbuild; where it means nothing that is there, the
// call is left to fail when it is made, as it would have.
function hushed(text, places) {
  const lines = text.split('\n');
  for (const { line, column } of [...places].sort((a, b) => b.column - a.column)) {
    const bytes = Buffer.from(lines[line - 1]);
    const before = bytes.subarray(0, column).toString();
    const call = before.replace(/\brequire(\.resolve)?\(\s*$/, '__packagerRequire$1(').replace(/\bimport\(\s*$/, '__packagerImport(');
    lines[line - 1] = call + bytes.subarray(column).toString();
  }
  return lines.join('\n');
}

function reading(output, hush) {
  return {
    name: 'packager',
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path: file }) => {
        const text = await fs.promises.readFile(file, 'utf8');
        const places = hush.get(path.relative(request.root, file)) || [];
        const contents = withItsFolder(hushed(text, places), file, output);
        if (contents === text) return undefined;
        return { contents, loader: LOADERS[path.extname(file).slice(1)], resolveDir: path.dirname(file) };
      });
    },
  };
}

async function join({ entry, output, format }, external, hush) {
  const everything = external.includes('*');
  const result = await esbuild.build({
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
    minify: true,
    // Names of classes and functions are looked at when code runs: errors, validators, clients of cloud services.
    keepNames: true,
    legalComments: 'eof',
    sourcemap: 'external',
    metafile: true,
    logLevel: 'silent',
    mainFields: ['main', 'module'],
    banner: { js: format === 'esm' ? ESM_BANNER : CJS_BANNER },
    plugins: [reading(output, hush)],
    ...(everything ? { packages: 'external' } : { external: external.flatMap((name) => [name, `${name}/*`]) }),
  });
  for (const file of result.outputFiles) {
    const name = file.path.endsWith('.map') ? `${output}.map` : output;
    const place = path.join(request.out, name);
    await fs.promises.mkdir(path.dirname(place), { recursive: true });
    await fs.promises.writeFile(place, file.contents);
  }
  return { output, inputs: Object.keys(result.metafile.inputs).sort() };
}

const MISSING = /^Could not resolve "([^"]+)"$/;
const MATCHLESS = /^Could not resolve (?:require|import|require\.resolve)\(/;

// Optional modules, and names that mean nothing here, are left to run time, where the code has its own way to do without.
// Returns whether that leaves something else to try.
function learn(errors, unresolved, hush) {
  let learnt = true;
  for (const { text, location } of errors) {
    const bare = MISSING.exec(text);
    if (bare && !/^[./]/.test(bare[1]) && !unresolved.has(bare[1])) {
      unresolved.add(bare[1]);
    } else if (MATCHLESS.test(text) && location) {
      const places = hush.get(location.file) || [];
      if (places.some(({ line, column }) => line === location.line && column === location.column)) learnt = false;
      hush.set(location.file, [...places, location]);
    } else {
      learnt = false;
    }
  }
  return learnt;
}

async function attempt(job, external, unresolved, hush = new Map()) {
  try {
    return await join(job, [...external, ...unresolved], hush);
  } catch (error) {
    if (!Array.isArray(error.errors) || !learn(error.errors, unresolved, hush)) throw error;
    return attempt(job, external, unresolved, hush);
  }
}

async function main() {
  const unresolved = new Set();
  const files = [];
  for (const job of request.entries) files.push(await attempt(job, request.external, unresolved));
  return { files };
}

function said(error) {
  if (!Array.isArray(error.errors)) return [String(error.stack || error)];
  return error.errors.map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text));
}

main()
  .catch((error) => ({ errors: said(error) }))
  .then((answer) => process.stdout.write(JSON.stringify(answer)));
