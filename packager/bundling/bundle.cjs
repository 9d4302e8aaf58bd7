'use strict';
// Joins each entry with what it imports into one file; started by packager.bundling, never shipped.
//
// Usage: node bundle.cjs TOOL_FOLDER < REQUEST.json
// Request: root (absolute, no links), out (folder to write to), target ("node22"), external (package names, or ["*"]),
// entries: [{ entry, output, format }], paths relative to root.
// Answer on stdout: { files: [{ output, inputs }], unresolved } or { errors: [text] }.

const fs = require('fs');
const { createRequire } = require('module');
const path = require('path');

const request = JSON.parse(fs.readFileSync(0, 'utf8'));
const esbuild = createRequire(path.join(process.argv[2], 'package.json'))('esbuild');

// CommonJS code in an ES module asks for these; a declaration of our own could clash with one of the code's.
const ESM_BANNER =
  "import{createRequire as __packagerRequire}from'node:module';import{fileURLToPath as __packagerPath}from'node:url';" +
  "import{dirname as __packagerFolder}from'node:path';globalThis.require??=__packagerRequire(import.meta.url);" +
  'globalThis.__filename??=__packagerPath(import.meta.url);globalThis.__dirname??=__packagerFolder(__filename);' +
  'const __packagerHome=__packagerFolder(__packagerPath(import.meta.url));';
const CJS_BANNER = 'const __packagerHome=__dirname;';

const LOADERS = { js: 'js', cjs: 'js', mjs: 'js', jsx: 'jsx', ts: 'ts', cts: 'ts', mts: 'ts', tsx: 'tsx' };

// The project's own code finds its templates and data by __dirname: it goes on meaning the folder the code was written
// in, whose files keep their places, though the code itself moves into the entry.
function stayingHome(output) {
  return {
    name: 'packager-dirname',
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path: file }) => {
        const inner = path.relative(request.root, file);
        if (inner.startsWith('..') || inner.split(path.sep).includes('node_modules')) return undefined;
        const from = path.relative(path.dirname(path.join(request.root, output)), path.dirname(file));
        const text = await fs.promises.readFile(file, 'utf8');
        if (from === '' || !/\b__(dirname|filename)\b/.test(text)) return undefined;
        if (/\b(const|let|var)\s+\{?\s*__(dirname|filename)\b/.test(text)) return undefined;
        const join = `require("path").join(__packagerHome,${JSON.stringify(from)})`;
        const home = `const __dirname=${join},__filename=require("path").join(__dirname,${JSON.stringify(path.basename(file))});`;
        const start = text.startsWith('#!') ? text.indexOf('\n') + 1 : 0;
        return {
          contents: text.slice(0, start) + home + text.slice(start),
          loader: LOADERS[path.extname(file).slice(1)],
          resolveDir: path.dirname(file),
        };
      });
    },
  };
}

async function join({ entry, output, format }, external) {
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
    minifyWhitespace: true,
    minifySyntax: true,
    keepNames: false,
    treeShaking: true,
    legalComments: 'eof',
    sourcemap: 'external',
    metafile: true,
    logLevel: 'silent',
    charset: 'utf8',
    mainFields: ['main', 'module'],
    banner: { js: format === 'esm' ? ESM_BANNER : CJS_BANNER },
    plugins: [stayingHome(output)],
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

async function attempt(job, external, unresolved) {
  try {
    return await join(job, [...external, ...unresolved]);
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    const missing = error.errors.map(({ text }) => MISSING.exec(text)).map((match) => (match ? match[1] : ''));
    const bare = missing.filter((name) => name && !/^[./]/.test(name));
    // Optional modules are asked for at run time, where the code has its own way to do without.
    if (bare.length !== missing.length || bare.every((name) => unresolved.has(name))) throw error;
    bare.forEach((name) => unresolved.add(name));
    return attempt(job, external, unresolved);
  }
}

async function main() {
  const unresolved = new Set();
  const files = [];
  for (const job of request.entries) files.push(await attempt(job, request.external, unresolved));
  return { files, unresolved: [...unresolved].sort() };
}

function said(error) {
  if (!Array.isArray(error.errors)) return [String(error.stack || error)];
  return error.errors.map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text));
}

main()
  .catch((error) => ({ errors: said(error) }))
  .then((answer) => process.stdout.write(JSON.stringify(answer)));
