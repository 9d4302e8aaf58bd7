'use strict'

const sharp = require('sharp')

/** Answers with the formats the engine can write. */
module.exports = (request, response) => {
  const formats = Object.keys(sharp.format).filter((name) => sharp.format[name].output.buffer)
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(formats))
}
