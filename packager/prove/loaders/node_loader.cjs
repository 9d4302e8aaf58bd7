'use strict';
// Loads a bundle inside the runtime's own Node and reports every step; started by packager.prove, never shipped.
//
// Finding the handler follows AWS's runtime interface client (aws-lambda-nodejs-runtime-interface-client,
// src/UserFunction.js): extensionless, .js, .mjs, .cjs (from Node 24 on .ts, .mts, .cts), then Node's own resolution.
//
// Usage: node node_loader.cjs MARKER FD REQUEST.json
// Each report is one line on FD: the marker, a space, base64 of a JSON object. What the handler prints can't be
// mistaken for it, and starting with a line break keeps a half line of the handler's from swallowing it.

const fs = require('fs');
const Module = require('module');
const os = require('os');
const path = require('path');
const { performance } = require('perf_hooks');
const { pathToFileURL } = require('url');
const { refused, watch } = require('./node_watch.cjs');

const [marker, fd, requestFile] = process.argv.splice(2);
const request = JSON.parse(fs.readFileSync(requestFile, 'utf8'));
const { writeSync, existsSync, readFileSync, realpathSync } = fs;
const { stringify } = JSON;
const { setImmediate, setInterval, setTimeout } = global; // the bundle may replace them
const reallyExit = process.reallyExit.bind(process);

let phase = 'start';

function enter(next) {
  phase = next;
  report('phase');
}

function report(step, fields) {
  const at = performance.now(); // milliseconds since the process began
  const line = `\n${marker} ${Buffer.from(stringify({ step, phase, at, ...fields })).toString('base64')}\n`;
  let rest = Buffer.from(line);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(Number(fd), rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

function cut(value, length) {
  return value === undefined || value === null ? '' : String(value).slice(0, length);
}

function describe(error) {
  if (error === null || typeof error !== 'object') {
    return { name: typeof error, message: cut(error, 4000), code: '', stack: '' };
  }
  return {
    name: cut(error.name, 200),
    message: cut(error.message, 4000),
    code: cut(error.code, 100),
    stack: cut(error.stack, 8000),
    path: cut(error.path || error.url, 1000),
    type: error instanceof SyntaxError ? 'syntax' : '',
    cause: error.cause ? cut(error.cause.message || error.cause, 2000) : '',
  };
}

function fail(error, fields) {
  report('failed', { ...describe(error), ...fields });
  reallyExit(1);
}

let idle = false; // nothing left to do, though the bundle still awaits something
process.on('beforeExit', () => {
  idle = true;
});
process.on('exit', (code) => report('exit', { code, idle }));
process.on('uncaughtException', (error) => fail(error));
process.on('unhandledRejection', (error) => fail(error));

watch((kind, what) => report('tried', { kind, path: cut(what, 1000) }));

// Said before each native file is opened, so that a crash in one can be put down to it.
const opened = new Set();
const dlopen = process.dlopen;
process.dlopen = function (module, filename, ...rest) {
  report('native', { path: String(filename) });
  try {
    const result = dlopen.call(this, module, filename, ...rest);
    opened.add(realpathSync(filename));
    report('native-loaded', { path: String(filename) });
    return result;
  } catch (error) {
    report('native-refused', { ...describe(error), path: String(filename) }); // many packages try several files
    throw error;
  }
};

function saysModule(folder) {
  if (folder.endsWith('/node_modules')) return false;
  const file = path.join(folder, 'package.json');
  if (existsSync(file)) {
    try {
      const found = JSON.parse(readFileSync(file, 'utf8'));
      if (found) return found.type === 'module';
    } catch {
      return false; // the runtime ignores a package.json it can't read, too
    }
  }
  return folder === '/' ? false : saysModule(path.resolve(folder, '..'));
}

function requireIfThere(file) {
  return existsSync(file) ? require(file) : undefined;
}

async function importIfThere(file) {
  return existsSync(file) ? import(pathToFileURL(file).href) : undefined;
}

// The runtimes that refuse callbacks have version 4 of AWS's client, which imports where version 3 requires.
async function importModule(appRoot, moduleRoot, name) {
  const base = path.resolve(appRoot, moduleRoot, name);
  for (const ending of ['', '.js', '.mjs', '.cjs']) {
    const found = await importIfThere(`${base}${ending}`);
    if (found) return found;
  }
  return require(require.resolve(name, { paths: [appRoot, path.join(appRoot, moduleRoot)] }));
}

async function loadModule(appRoot, moduleRoot, name) {
  if (!request.callbacks && request.convention === 'event') return importModule(appRoot, moduleRoot, name);
  const base = path.resolve(appRoot, moduleRoot, name);
  const typescript = Number(process.versions.node.split('.')[0]) >= 24;
  const esm = saysModule(path.dirname(base));
  const found =
    requireIfThere(base) ||
    (!esm && requireIfThere(`${base}.js`)) ||
    (esm && (await importIfThere(`${base}.js`))) ||
    (await importIfThere(`${base}.mjs`)) ||
    requireIfThere(`${base}.cjs`) ||
    (typescript && !esm && requireIfThere(`${base}.ts`)) ||
    (typescript && esm && (await importIfThere(`${base}.ts`))) ||
    (typescript && (await importIfThere(`${base}.mts`))) ||
    (typescript && requireIfThere(`${base}.cts`));
  return found || require(require.resolve(name, { paths: [appRoot, moduleRoot] }));
}

// The host names the file itself: nothing is tried.
function loadEntry(file) {
  const whole = path.join(request.taskRoot, file);
  const esm = /\.m[jt]s$/.test(file) || (/\.[jt]s$/.test(file) && saysModule(path.dirname(whole)));
  return esm ? import(pathToFileURL(whole).href) : require(whole);
}

function exportNames(loaded) {
  if (loaded === null || (typeof loaded !== 'object' && typeof loaded !== 'function')) return [];
  return Object.keys(loaded).filter((key) => key !== '__esModule' && loaded[key] !== undefined).sort().slice(0, 20);
}

// What hosts that call modules start by its own `listen`: a server of Node, or an app of Koa.
function isServer(object) {
  return typeof object === 'object' && object !== null && typeof object.listen === 'function';
}

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
let prelude; // status and headers of a streamed answer

async function loadHandler() {
  const name = request.handler;
  const last = path.basename(name);
  const match = request.entry ? last.match(/^(.*)\.([^.]*)$/) : last.match(/^([^.]*)\.(.*)$/);
  if ((!request.entry && name.includes('..')) || !match) {
    return fail({ name: 'MalformedHandler', message: `'${name}' is not FILE.EXPORT` }, { kind: 'malformed-handler' });
  }
  global.awslambda = {
    streamifyResponse(handler) {
      handler[STREAMING] = 'response';
      return handler;
    },
    HttpResponseStream: {
      from(stream, metadata) {
        prelude = metadata;
        return stream;
      },
    },
  };
  const loaded = request.entry
    ? await loadEntry(request.entry)
    : await loadModule(request.taskRoot, name.slice(0, name.indexOf(last)), match[1]);
  const member = (object, key) => {
    // What a module exports as a whole is its default export to the hosts that call modules.
    if (request.launcher === 'module' && key === 'default' && (typeof object === 'function' || isServer(object))) return object;
    if (!request.callbacks && typeof object === 'function') return undefined; // version 4 looks into objects only
    return object && object[key];
  };
  const find = (module) => match[2].split('.').reduce(member, module);
  const handler = find(loaded) || (loaded && find(loaded.default)); // the client of AWS looks into the default, too
  if (request.launcher === 'module' && isServer(handler)) return handler;
  if (typeof handler !== 'function') {
    const kind = handler ? 'not-a-function' : 'no-export';
    return fail({ name: 'HandlerNotFound', message: match[2] }, { kind, exports: exportNames(loaded) });
  }
  const streamed = handler[STREAMING] === 'response';
  if (request.convention === 'event' && !request.callbacks && handler.length >= 3 && !streamed) {
    return fail({ name: 'CallbackHandlerDeprecated', message: match[2] }, { kind: 'callback' });
  }
  return handler;
}

// Lambda's own Node looks for what is imported in the folders of NODE_PATH, too, as `require` does everywhere. The
// search of plain Node ends at the root; what it does not find is looked for from beside each of the folders.
function importFromFolders() {
  const folders = (process.env[request.importVariable] || '')
    .split(path.delimiter)
    .filter((folder) => path.basename(folder) === 'node_modules' && existsSync(folder));
  if (folders.length === 0) return;
  const parents = folders.map((folder) => pathToFileURL(path.join(path.dirname(folder), 'packager.js')).href);
  if (Module.registerHooks) {
    Module.registerHooks({
      resolve(specifier, context, next) {
        try {
          return next(specifier, context);
        } catch (error) {
          if (error.code !== 'ERR_MODULE_NOT_FOUND' || /^(\.{0,2}\/|\w+:|#)/.test(specifier)) throw error;
          for (const parentURL of parents) {
            try {
              return next(specifier, { ...context, parentURL });
            } catch (other) {
              if (other.code !== 'ERR_MODULE_NOT_FOUND') throw other;
            }
          }
          throw error;
        }
      },
    });
  } else if (Module.register) {
    const hook = `const parents = ${stringify(parents)};
      export async function resolve(specifier, context, next) {
        try {
          return await next(specifier, context);
        } catch (error) {
          if (error.code !== 'ERR_MODULE_NOT_FOUND' || /^(\\.{0,2}\\/|\\w+:|#)/.test(specifier)) throw error;
          for (const parentURL of parents) {
            try {
              return await next(specifier, { ...context, parentURL });
            } catch (other) {
              if (other.code !== 'ERR_MODULE_NOT_FOUND') throw other;
            }
          }
          throw error;
        }
      }`;
    Module.register(`data:text/javascript,${encodeURIComponent(hook)}`);
  }
}

// Type declarations, executables and packages that only offer subpaths have nothing `require` could load.
function hasEntry(from, name, error) {
  if (error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return false;
  for (const folder of from.resolve.paths(name) || []) {
    const file = path.join(folder, name, 'package.json');
    if (existsSync(file)) {
      const { main, exports: subpaths } = JSON.parse(readFileSync(file, 'utf8'));
      return Boolean(main || subpaths);
    }
  }
  return true;
}

async function loadPackage(name) {
  const from = Module.createRequire(path.join(request.layerRoot, 'nodejs', 'packager.js'));
  try {
    from.resolve(name);
  } catch (error) {
    if (hasEntry(from, name, error)) throw error;
    return;
  }
  report('package', { path: name });
  try {
    from(name);
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM' && error.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    await import(pathToFileURL(from.resolve(name)).href);
  }
}

function loadNative(file) {
  const real = realpathSync(file);
  if (opened.has(real)) return;
  try {
    process.dlopen({ exports: {} }, file, os.constants.dlopen.RTLD_LAZY);
  } catch (error) {
    report('native-failed', { ...describe(error), path: file });
  }
}

function invoke(handler) {
  const deadline = Date.now() + request.timeoutMs;
  return new Promise((resolve, reject) => {
    const done = (error, value) => (error ? reject(error) : resolve(value));
    const context = {
      awsRequestId: '00000000-0000-4000-8000-000000000000',
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:packager-proof',
      logGroupName: '/aws/lambda/packager-proof',
      logStreamName: 'packager-proof',
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
      done,
      succeed: resolve,
      fail: reject,
    };
    // A handler that neither returns a promise nor calls back ends when nothing is left to do: Lambda answers null,
    // but for version 4 of its client, which knows no callbacks and ends with the process.
    if (request.callbacks) process.once('beforeExit', () => resolve(null));
    let result;
    if (handler[STREAMING]) {
      const { PassThrough } = require('stream');
      const stream = new PassThrough();
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        resolve(prelude ? { ...prelude, statusCode: prelude.statusCode || 200, body } : body);
      });
      result = handler(request.event, stream, context);
      if (result && typeof result.then === 'function') result.then(undefined, reject);
      return;
    }
    if (!request.callbacks) {
      for (const name of ['done', 'succeed', 'fail', 'callbackWaitsForEmptyEventLoop']) delete context[name];
      Promise.resolve(handler(request.event, context)).then(resolve, reject);
      return;
    }
    result = handler(request.event, context, done);
    if (result && typeof result.then === 'function') result.then(resolve, reject);
  });
}

function call(handler) {
  if (request.convention === 'event') return invoke(handler);
  const { callServer, callWithRequest, watchServers } = require('./node_http.cjs');
  if (isServer(handler)) {
    watchServers();
    handler.listen(0, '127.0.0.1');
    return callServer(request.event);
  }
  return request.convention === 'server' ? callServer(request.event) : callWithRequest(handler, request.event);
}

// What the start cost: memory at its peak, bytes read (not mapped), modules of the bundle; and what was refused.
function usage() {
  let read = 0;
  try {
    read = Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))[1]);
  } catch {
    // not every sandbox shows it
  }
  const modules = Object.keys(require.cache).length - 1;
  // Mapped files are given back when memory gets scarce.
  const file = existsSync('/proc/self/status') && /RssFile:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'));
  return {
    fileBytes: file ? Number(file[1]) * 1024 : 0,
    // Node 10 has no resourceUsage.
    peakBytes: process.resourceUsage ? process.resourceUsage().maxRSS * 1024 : process.memoryUsage().rss,
    readBytes: read,
    modules,
    ...refused(),
  };
}

// What keeps the process alive, in the words of the findings; anything else is no news.
const KINDS = {
  Timeout: 'timer',
  Immediate: 'timer',
  TCPSocketWrap: 'connection',
  TCPServerWrap: 'server',
  ProcessWrap: 'child process',
  MessagePort: 'worker',
  FSEventWrap: 'file watcher',
  StatWatcher: 'file watcher',
};

function stillOpen() {
  const open = {};
  for (const name of process.getActiveResourcesInfo ? process.getActiveResourcesInfo() : []) {
    const kind = KINDS[name];
    if (kind) open[kind] = (open[kind] || 0) + 1;
  }
  return open;
}

// A start is over when nothing is left to do: timers, workers and promises that the code leaves behind may yet throw.
// One that never becomes idle is watched for a while. A server that listens has nothing else to do.
async function settle() {
  const open = await new Promise((resolve) => {
    const timer = setTimeout(() => resolve(stillOpen()), request.settleMs);
    timer.unref();
    const look = setInterval(() => {
      const kinds = Object.keys(stillOpen());
      if (request.convention === 'server' && kinds.length === 1 && kinds[0] === 'server') resolve({});
    }, 20);
    look.unref();
    // In a turn of its own: a process that has nothing left to do ends right after this event.
    process.once('beforeExit', () => setImmediate(resolve, {}));
  });
  idle = false;
  report('settled', { open });
}

async function main() {
  report('start', { runtime: 'node', version: process.versions.node });
  enter('load');
  importFromFolders();
  let handler;
  if (request.handler) {
    if (request.convention === 'server') {
      require('./node_http.cjs').watchServers();
      await loadModule(request.taskRoot, path.dirname(request.handler), path.basename(request.handler));
    } else {
      handler = await loadHandler();
    }
    // Rejections that are not handled show up in the next turn; on Lambda they end the process, too.
    await new Promise((resolve) => setImmediate(resolve));
    report('handler');
  }
  enter('packages');
  for (const name of request.packages) await loadPackage(name);
  enter('settle');
  await settle();
  if (request.invoke) {
    enter('invoke');
    const text = stringify(await call(handler));
    report('answer', { text: cut(text, 100000), bytes: text === undefined ? 0 : Buffer.byteLength(text) });
  }
  // Last: opening a file out of order must not stand in the way of the handler, which may open it later itself.
  enter('natives');
  for (const file of request.natives) loadNative(file);
  process.emit(marker); // node_trace.cjs, where it is preloaded
  report('done', usage());
  reallyExit(0);
}

main().catch((error) => fail(error));
