'use strict'

const Database = require('libsql')

const database = new Database(':memory:')
database.exec('CREATE TABLE visit (id INTEGER PRIMARY KEY, path TEXT NOT NULL)')

/** Notes the visit and answers with how many there were. */
exports.handler = async (event) => {
  database.prepare('INSERT INTO visit (path) VALUES (?)').run(event.path ?? '/')
  const { visits } = database.prepare('SELECT count(*) AS visits FROM visit').get()
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ visits }) }
}
