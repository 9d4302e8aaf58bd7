'use strict';
// One container of a simulation: loads the handler, calls it, says so, and waits to be called again.
//
// Usage: node frozen_container.cjs FILE EXPORT EVENT
// A line on stdin is one more call; the end of stdin is the end. One line of JSON on stdout per call.

const path = require('path');
const readline = require('readline');
const { pathToFileURL } = require('url');

const [file, name, event] = process.argv.slice(2);

async function load() {
  const loaded = path.extname(file) === '.mjs' ? await import(pathToFileURL(file).href) : require(file);
  return name.split('.').reduce((object, key) => object[key], loaded);
}

function call(handler) {
  return new Promise((resolve, reject) => {
    const done = (error, value) => (error ? reject(error) : resolve(value));
    const result = handler(JSON.parse(event), { functionName: process.env.AWS_LAMBDA_FUNCTION_NAME }, done);
    if (result && typeof result.then === 'function') result.then(resolve, reject);
  });
}

async function main() {
  const handler = await load();
  const lines = readline.createInterface({ input: process.stdin });
  for await (const _ of lines) {
    let said;
    try {
      await call(handler);
      said = { ok: true };
    } catch (error) {
      said = { ok: false, error: String(error && error.message).slice(0, 500) };
    }
    // What the bundle prints goes to stderr; only these lines are ours.
    process.stdout.write(`\npackager ${JSON.stringify(said)}\n`);
  }
  process.exit(0);
}

main().catch((error) => {
  process.stdout.write(`\npackager ${JSON.stringify({ ok: false, error: String(error && error.message) })}\n`);
  process.exit(1);
});
