// Loads a package by every name it can be loaded by and prints what came of it: one JSON object, name → outcome.
// Usage: node probe.cjs ROOT PACKAGE. Runs inside a tree, trimmed or not; outcomes hold no path of it.
'use strict'
const fs = require('fs')
const path = require('path')
const { createRequire } = require('module')
const { pathToFileURL } = require('url')

const [root, name] = process.argv.splice(2)
const use = require('./uses.cjs')[name]
const load = createRequire(path.join(root, 'probe.js'))
const folder = path.join(root, 'node_modules', name)
const real = process.stdout.write.bind(process.stdout)
const exit = process.exit.bind(process)
const found = {}
const MOST = 400

process.stdout.write = () => true
process.stderr.write = () => true
process.exit = () => { throw new Error('process.exit was called') }
process.on('uncaughtException', () => {})
process.on('unhandledRejection', () => {})
const scratch = fs.mkdtempSync(path.join(require('os').tmpdir(), 'bed-'))
process.chdir(scratch)
process.on('exit', () => {
  process.chdir('/')
  fs.rmSync(scratch, { recursive: true, force: true })
  real(JSON.stringify(found))
})

function names () {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const subpaths = typeof manifest.exports === 'object' && manifest.exports ? Object.keys(manifest.exports) : []
  if (subpaths.length && subpaths[0].startsWith('.')) {
    const plain = subpaths.filter((sub) => !sub.includes('*') && !sub.endsWith('.map'))
    const open = subpaths.includes('./*') ? files(folder, 1) : []
    return [...new Set([...plain, ...open])].map((sub) => name + sub.slice(1)).slice(0, MOST)
  }
  return manifest.exports ? [name] : [name, ...files(folder, 2).map((sub) => name + sub.slice(1))].slice(0, MOST)
}

// What people reach into a package for if it does not say what is open: its scripts, except what is no library.
function files (where, depth, inner = '.') {
  const out = []
  for (const entry of fs.readdirSync(where, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const sub = `${inner}/${entry.name}`
    if (entry.name.startsWith('.')) continue
    if (entry.isDirectory() && depth > 1 && /^(lib|dist|fp|es|esm|cjs|build|locale|plugin|locales|runtime|helpers)$/.test(entry.name)) {
      out.push(...files(path.join(where, entry.name), depth - 1, sub))
    } else if (/\.(c|m)?js(on)?$/.test(entry.name) && !/(config|conf|test|spec|gulpfile|gruntfile|karma|bench)/i.test(entry.name)) out.push(sub)
  }
  return out
}

function shape (value) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return typeof value
  const keys = []
  for (const key of Object.getOwnPropertyNames(value).sort()) {
    if (['caller', 'arguments', 'callee'].includes(key)) continue
    let below = ''
    try {
      const item = value[key]
      below = item && (typeof item === 'object' || typeof item === 'function') ? Object.getOwnPropertyNames(item).length : typeof item
    } catch (error) { below = words(error) }
    keys.push(`${key}:${below}`)
  }
  let hash = 0
  const text = keys.join()
  for (let at = 0; at < text.length; at++) hash = (hash * 31 + text.charCodeAt(at)) | 0
  return `${typeof value} of ${keys.length} (${hash >>> 0})`
}

function words (error) {
  return String((error && error.message) || error).split('\n')[0].replaceAll(root, '').slice(0, 200)
}

async function outcome (what) {
  let first
  try { return 'require: ' + shape(load(what)) } catch (error) { first = words(error) }
  try {
    const resolved = load.resolve(what)
    return 'import: ' + shape(await import(pathToFileURL(resolved)))
  } catch (error) {
    try { return 'import: ' + shape(await import(pathToFileURL(path.join(folder, what.slice(name.length + 1))))) } catch {}
    return `failed: ${first} / ${words(error)}`
  }
}

async function main () {
  // The names are those of the whole tree: given by the parent for the trimmed ones.
  const given = process.env.BED_NAMES ? JSON.parse(process.env.BED_NAMES) : names()
  for (const what of given) {
    found[what] = 'did not end'
    found[what] = await Promise.race([outcome(what), new Promise((resolve) => setTimeout(resolve, 20000, 'took too long'))])
  }
  if (use) {
    found['(use)'] = 'did not end'
    const any = async (what) => { try { return load(what) } catch { return import(pathToFileURL(load.resolve(what))) } }
    try {
      found['(use)'] = 'gave: ' + String(await use({ require: load, load: any })).replaceAll(root, '').slice(0, 400)
    } catch (error) { found['(use)'] = 'threw: ' + words(error) }
  }
}

main().then(() => exit(0), (error) => { found['(probe)'] = words(error); exit(0) })
