'use strict'
// Makes packager the packaging step of a Serverless Framework service (3 and 4). Written by
// `packager emit serverless --plugin`; nothing in it is specific to your project, so take a new one with --force.
//
// What is built is read from the resolved serverless.yml: handler, runtime, architecture, package.patterns and layers of
// every function. Settings, all optional, in serverless.yml:
//
//   custom:
//     packager:
//       command: packager          # how to start it
//       arguments: [--fit]         # more options of `packager build`; layers that --fit makes become the service's
//       generate: npx prisma generate
//       layers:
//         engine: prisma-client    # layer of this service → recipe it is made by
//
// Functions with an image or an artifact of their own, and layers without a recipe, are left to the framework.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const FOLDER = path.join('.serverless', 'packager')

class PackagerPlugin {
  constructor(serverless, options, utils) {
    this.serverless = serverless
    this.log = utils && utils.log ? utils.log : { notice: (text) => serverless.cli.log(text) }
    this.hooks = {
      'before:package:cleanup': () => this.refuseOtherBuilder(),
      'before:package:createDeploymentArtifacts': () => this.build(),
      'before:package:function:package': () => this.build(options.function),
    }
  }

  /** Version 4 has a builder of its own that runs before any plugin's: its zips would be uploaded in place of ours. */
  refuseOtherBuilder() {
    const { service, version } = this.serverless
    const { build } = service
    if (Number.parseInt(version, 10) < 4 || (build && build.esbuild === false)) return
    for (const [name, definition] of Object.entries(service.functions || {})) {
      const own = definition.build
      if (definition.image || (definition.package && definition.package.artifact)) continue
      const asked = own ? own === 'esbuild' : build === 'esbuild' || (build && build.esbuild)
      if (asked || (!own && !build && this.isTypeScript(definition.handler))) {
        throw this.error(`functions.${name}: the framework's own esbuild would build it, and not packager`
          + (own ? '; remove its key build' : '; set build: {esbuild: false} in serverless.yml'))
      }
    }
  }

  isTypeScript(handler) {
    const stem = path.join(this.root(), String(handler)).replace(/\.[^./\\]*$/, '')
    const there = ['.js', '.ts', '.cjs', '.mjs', '.cts', '.mts', '.jsx', '.tsx'].find((end) => fs.existsSync(stem + end))
    return ['.ts', '.cts', '.mts', '.tsx'].includes(there)
  }

  root() {
    return this.serverless.serviceDir || this.serverless.config.servicePath
  }

  async build(only) {
    this.refuseOtherBuilder()
    const { service } = this.serverless
    const settings = (service.custom && service.custom.packager) || {}
    const { bundles, functions, layers } = this.plan(service, settings, only)
    if (functions.size === 0 && layers.size === 0) return
    const root = this.root()
    const out = path.join(root, FOLDER)
    fs.mkdirSync(out, { recursive: true })
    const config = path.join(out, 'packager.json')
    const document = { version: 1, bundles }
    if (settings.generate) document.generate = { command: settings.generate }
    fs.writeFileSync(config, JSON.stringify(document, null, 1))
    await this.run(settings, ['build', root, '--config', config, '--out', out, ...(settings.arguments || [])])
    service.package = { ...service.package, individually: true }
    for (const [name, bundle] of [...functions, ...layers]) {
      const target = functions.has(name) && functions.get(name) === bundle ? service.functions[name] : service.layers[name]
      target.package = { ...target.package, artifact: path.join(FOLDER, `${bundle}.zip`) }
    }
    for (const name of functions.keys()) this.addFitted(service, name, out)
  }

  /** With --fit among the arguments, packages may have gone into layers that serverless.yml does not name. */
  addFitted(service, name, out) {
    const file = path.join(out, `${name}.manifest.json`)
    if (!fs.existsSync(file)) return
    const manifest = JSON.parse(fs.readFileSync(file, 'utf8'))
    const fitted = manifest.layers.filter((layer) => layer.fitted)
    if (fitted.length === 0) return
    const definition = service.functions[name]
    const named = definition.layers || (service.provider && service.provider.layers) || []
    service.layers = service.layers || {}
    for (const layer of fitted) {
      service.layers[layer.name] = {
        path: FOLDER,
        package: { artifact: path.join(FOLDER, `${layer.name}.zip`) },
        compatibleRuntimes: [manifest.runtime],
        compatibleArchitectures: [manifest.arch],
      }
    }
    definition.layers = [...named, ...fitted.map((layer) => ({ Ref: logicalId(layer.name) }))]
  }

  /** Returns packager's bundles, and the names they have there: function → bundle, layer → bundle. */
  plan(service, settings, only) {
    const provider = service.provider || {}
    const bundles = {}
    const layers = new Map()
    const functions = new Map()
    const references = {}
    for (const [name, recipe] of Object.entries(settings.layers || {})) {
      if (!service.layers || !service.layers[name]) {
        throw this.error(`custom.packager.layers.${name}: serverless.yml has no layer of this name`)
      }
      const bundle = `layer-${name}`
      const [runtime] = service.layers[name].compatibleRuntimes || [provider.runtime]
      const [arch] = service.layers[name].compatibleArchitectures || [provider.architecture || 'x86_64']
      bundles[bundle] = { target: 'aws-lambda-layer', recipe, arch, ...(runtime && { runtime }) }
      layers.set(name, bundle)
      references[logicalId(name)] = bundle
    }
    const common = (service.package && service.package.patterns) || []
    for (const [name, definition] of Object.entries(service.functions || {})) {
      const own = definition.package || {}
      if ((only && only !== name) || definition.image || own.artifact) continue
      if (bundles[name]) {
        throw this.error(`functions.${name}: its zip and that of the layer ${name.slice('layer-'.length)} would be one file`)
      }
      const runtime = definition.runtime || provider.runtime
      bundles[name] = {
        target: 'aws-lambda',
        handler: definition.handler,
        arch: definition.architecture || provider.architecture || 'x86_64',
        ...(runtime && { runtime }),
        include: [...common, ...(own.patterns || [])],
        layers: (definition.layers || provider.layers || [])
          .map((layer) => layer && references[layer.Ref])
          .filter(Boolean),
      }
      functions.set(name, name)
    }
    return { bundles, functions, layers }
  }

  run(settings, words) {
    const [command, ...rest] = String(settings.command || process.env.PACKAGER_COMMAND || 'packager').split(' ')
    return new Promise((resolve, reject) => {
      const child = spawn(command, [...rest, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
      const tell = (line) => this.log.notice(`packager: ${line}`)
      lines(child.stdout, tell)
      lines(child.stderr, tell)
      child.on('error', (error) => {
        const missing = error.code === 'ENOENT' ? `there is no command ${command}: pip install packager` : error.message
        reject(this.error(missing))
      })
      child.on('close', (code) => {
        if (code === 0) resolve()
        else reject(this.error(code === 1 ? 'a bundle would not load or fit, see above' : `ended with exit code ${code}`))
      })
    })
  }

  error(message) {
    const Failure = (this.serverless.classes && this.serverless.classes.Error) || Error
    return new Failure(`packager: ${message}`, 'PACKAGER')
  }
}

/** What the framework calls a layer in CloudFormation. */
function logicalId(name) {
  const normal = name.replace(/-/g, 'Dash').replace(/_/g, 'Underscore')
  return `${normal.charAt(0).toUpperCase()}${normal.slice(1)}LambdaLayer`
}

function lines(stream, tell) {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()
    parts.forEach(tell)
  })
  stream.on('end', () => rest && tell(rest))
}

module.exports = PackagerPlugin
