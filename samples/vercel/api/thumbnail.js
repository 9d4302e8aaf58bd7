'use strict'

const sharp = require('sharp')

/** Draws a square and answers with its PNG. */
module.exports = async (request, response) => {
  const colour = new URL(request.url, 'http://localhost').searchParams.get('colour') ?? '#336699'
  const png = await sharp({ create: { width: 16, height: 16, channels: 3, background: colour } }).png().toBuffer()
  response.setHeader('content-type', 'image/png')
  response.end(png)
}
