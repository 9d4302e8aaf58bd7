'use strict';
// Calls what is spoken to over HTTP: handlers that take (request, response), and servers that listen by themselves.
//
// Now, Vercel and Google's functions framework call handlers with a request and a response that have helpers on them
// (query, cookies, body; status, json, send); Apex Up starts a server and waits for it to listen on PORT. Both are asked
// over the loopback device here, with the method, path, headers and body of the event, whichever HTTP event it is.

const http = require('http');
const net = require('net');

// Node 10 has no Object.fromEntries.
function fromPairs(pairs) {
  const object = {};
  for (const [key, value] of pairs) object[key] = value;
  return object;
}

// A request as the samples of API Gateway describe it, in either payload version, or a plain {method, path, …}.
function described(event) {
  const given = event || {};
  const inner = (given.requestContext && given.requestContext.http) || {};
  const text = typeof given.body === 'string' || given.body === undefined || given.body === null;
  const query = given.rawQueryString || new URLSearchParams(given.queryStringParameters || {}).toString();
  const path = given.rawPath || given.path || inner.path || '/';
  return {
    method: given.method || given.httpMethod || inner.method || 'GET',
    path: query ? `${path}?${query}` : path,
    headers: text ? given.headers || {} : { 'content-type': 'application/json', ...given.headers },
    body: text ? Buffer.from(given.body || '', given.isBase64Encoded ? 'base64' : 'utf8') : JSON.stringify(given.body),
  };
}

function ask(port, event) {
  const { method, path, headers, body } = described(event);
  const { 'content-length': _, 'Content-Length': __, ...kept } = headers;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers: { ...kept, 'content-length': Buffer.byteLength(body) } };
    const request = http.request({ ...options, agent: false }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ statusCode: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

function parsed(type, raw) {
  if (raw.length === 0) return undefined;
  if (/^application\/json/.test(type)) return JSON.parse(raw.toString());
  if (/^application\/x-www-form-urlencoded/.test(type)) return fromPairs(new URLSearchParams(raw.toString()));
  return /^text\//.test(type) ? raw.toString() : raw;
}

function help(request, response, raw) {
  const cookies = (request.headers.cookie || '').split(/;\s*/).filter(Boolean);
  request.query = fromPairs(new URL(request.url, 'http://localhost').searchParams);
  request.cookies = fromPairs(cookies.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  request.rawBody = raw;
  Object.defineProperty(request, 'body', { get: () => parsed(request.headers['content-type'] || '', raw), configurable: true });
  response.status = (code) => Object.assign(response, { statusCode: code });
  response.set = (name, value) => response.setHeader(name, value) && response;
  response.json = (value) => {
    if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(value));
    return response;
  };
  response.send = (value) => {
    if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) return response.json(value);
    response.end(typeof value === 'number' ? String(value) : value);
    return response;
  };
}

// Serves a (request, response) handler and asks it once; what it throws is the failure, as if it were called directly.
function callWithRequest(handler, event) {
  return new Promise((resolve, reject) => {
    const server = http.createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', async () => {
        try {
          const raw = Buffer.concat(chunks);
          help(request, response, raw);
          // The body has been read for the helpers: code that reads the stream gets it again.
          request.push = () => true;
          request.on = (name, listener) => {
            if (name === 'data' && raw.length > 0) setImmediate(listener, raw);
            else if (name === 'end') setImmediate(() => setImmediate(listener));
            else http.IncomingMessage.prototype.on.call(request, name, listener);
            return request;
          };
          request[Symbol.asyncIterator] = async function* () {
            if (raw.length > 0) yield raw;
          };
          await handler(request, response);
        } catch (error) {
          reject(error);
        }
      });
    });
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => ask(server.address().port, event).then(resolve, reject));
  });
}

const listening = [];
let heard;

// Remembers every server of the bundle's, from before it is loaded.
function watchServers() {
  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function (...words) {
    this.once('listening', () => {
      listening.push(this);
      if (heard) heard();
    });
    return listen.apply(this, words);
  };
}

async function callServer(event) {
  if (listening.length === 0) await new Promise((resolve) => (heard = resolve));
  const address = listening[0].address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on a socket file, not on PORT');
  return ask(address.port, event);
}

module.exports = { callServer, callWithRequest, watchServers };
