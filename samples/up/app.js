'use strict'

const http = require('node:http')
const Database = require('libsql')
const { greeting } = require('./.config/texts.json')

const database = new Database(':memory:')

http
  .createServer((request, response) => {
    const { version } = database.prepare('SELECT sqlite_version() AS version').get()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ greeting, engine: version }))
  })
  .listen(process.env.PORT ?? 3000)
