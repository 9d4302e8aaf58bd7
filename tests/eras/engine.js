#!/usr/bin/env node
// A stand-in for Prisma's executable engine: the protocols of Photon, 2.0 and 5, and one row of data.
// Real clients start it, wait for it and query it without noticing; no binary of that age can be had any more.
'use strict'
const fs = require('fs')
const http = require('http')

const rows = [{ id: 1, email: 'ada@example.com' }]
const args = process.argv.slice(2)

const scalar = (name, type, more = {}) => ({
  name, type, kind: 'scalar', dbNames: [], isList: false, isRequired: true, isUnique: false, isId: false,
  hasDefaultValue: false, isGenerated: false, isUpdatedAt: false, ...more,
})
const output = (name, type, kind, isList) => ({ name, args: [], outputType: { type, kind, isList, isRequired: true } })

/** What 2.0's generator asks the engine for: the data model and the query schema of one User. */
const dmmf = () => ({
  datamodel: {
    enums: [],
    models: [{
      name: 'User', isEmbedded: false, dbName: null, idFields: [], uniqueFields: [], isGenerated: false,
      fields: [scalar('id', 'Int', { isId: true }), scalar('email', 'String', { isUnique: true })],
    }],
  },
  schema: {
    rootQueryType: 'Query', rootMutationType: 'Mutation', enums: [], inputTypes: [],
    outputTypes: [
      { name: 'Query', fields: [output('findManyUser', 'User', 'object', true)] },
      { name: 'Mutation', fields: [] },
      { name: 'User', fields: [output('id', 'Int', 'scalar', false), output('email', 'String', 'scalar', false)] },
    ],
  },
  mappings: [{ model: 'User', plural: 'users', findMany: 'findManyUser' }],
})

const config = () => {
  const schema = fs.readFileSync(process.env.PRISMA_DML_PATH, 'utf8')
  const targets = (schema.match(/binaryTargets\s*=\s*\[(.*?)\]/) || ['', ''])[1].match(/[\w.-]+/g) || []
  return {
    datasources: [{ name: 'db', connectorType: 'postgresql', url: { fromEnvVar: 'DATABASE_URL', value: '' } }],
    generators: [{
      name: 'client', provider: 'prisma-client-js', output: null, binaryTargets: targets, previewFeatures: [],
      experimentalFeatures: [], config: {},
    }],
  }
}

function serve() {
  const asked = args[args.indexOf('--port') + 1]
  const port = Number(process.env.PORT || (args.includes('--port') ? asked : 0))
  const server = http.createServer((request, response) => {
    let text = ''
    request.on('data', piece => { text += piece }).on('end', () => {
      const data = { findManyUser: rows, users: rows }
      // The previews of 2020 send every query in a batch.
      const batch = text.startsWith('{"batch"') ? JSON.parse(text).batch.map(() => ({ data })) : { data }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(request.url === '/status' ? { status: 'ok' } : batch))
    })
  })
  server.listen(port, () => {
    const message = args.includes('--port') ? 'Started query engine http server' : 'Started http server'
    const fields = { message, ip: '127.0.0.1', port: String(server.address().port) }
    // Whose server it is was renamed in 2020; each client waits for the name it knows.
    for (const target of args.includes('--port') ? ['query_engine::server'] : ['prisma::server', 'query_engine::server']) {
      console.log(JSON.stringify({ timestamp: 'now', level: 'INFO', target, fields }))
    }
  })
}

if (args.includes('--version')) console.log('query-engine stand-in')
else if (args.includes('dmmf')) console.log(JSON.stringify(dmmf()))
else if (args.includes('get-config')) console.log(JSON.stringify(config()))
else serve()
