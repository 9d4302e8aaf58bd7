// In the place of aws-lambda-ric's compiled part: events, answers and errors go over plain HTTP, each on a socket of its
// own as the compiled part has one, so that an error of the start is told while an event is waited for.
'use strict'
const http = require('node:http')

const [hostname, port] = (process.env.AWS_LAMBDA_RUNTIME_API || ':').split(':')

function ask (method, path, text) {
  return new Promise((resolve, reject) => {
    const out = http.request({ hostname, port, path: `/2018-06-01/runtime/invocation/${path}`, method, agent: false }, (reply) => {
      let bodyJson = ''
      reply.setEncoding('utf8').on('data', (part) => { bodyJson += part })
      reply.on('end', () => resolve({ bodyJson, headers: reply.headers }))
    })
    out.on('error', reject).end(text)
  })
}

module.exports = {
  initializeClient () {},
  next () { return ask('GET', 'next') },
  done (id, text) { ask('POST', `${id}/response`, text) },
  error (id, text) { ask('POST', `${id}/error`, text) }
}
