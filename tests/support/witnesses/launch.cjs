// launch.cjs BRIDGE ENTRY REQUEST: starts an entry file with Vercel's launcher (ZEIT Now's, under its later name), sends it one request.
'use strict'
const Module = require('node:module')
const path = require('node:path')

const [bridge, entry, request] = process.argv.slice(2)
const { makeVercelLauncher } = require(path.join(bridge, 'launcher.js'))
const text = makeVercelLauncher({
  entrypointPath: entry,
  bridgePath: path.join(bridge, 'bridge.js'),
  helpersPath: path.join(bridge, 'helpers.js'),
  sourcemapSupportPath: path.join(bridge, 'source-map-support.js'),
  shouldAddHelpers: true
})
const launcher = new Module(path.join(path.dirname(entry), '___launcher.cjs'))
launcher.filename = launcher.id
launcher.paths = Module._nodeModulePaths(path.dirname(entry))
const pause = Number(process.env.WITNESS_PAUSE || 0) * 1000
// The launcher imports the entry from text that was compiled here, which this option of Node's compiler allows.
const compiled = require('node:vm').compileFunction(text, ['exports', 'require', 'module'], {
  filename: launcher.id,
  importModuleDynamically: require('node:vm').constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER
})
compiled(launcher.exports, launcher.require.bind(launcher), launcher)
setTimeout(() => {
  launcher.exports.launcher({ Action: 'Invoke', body: request }, {}).then(
    (answer) => {
      const body = Buffer.from(answer.body, 'base64').toString()
      process.stdout.write(`\nWITNESS ${JSON.stringify({ statusCode: answer.statusCode, body })}\n`, () => process.exit(0))
    },
    (error) => { console.error(error); process.exit(1) }
  )
}, pause)
