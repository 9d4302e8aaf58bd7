'use strict'

const { answer, database } = require('./database')

/** Creates the user of the request's body. */
exports.handler = async (event) => {
  const { email, name } = JSON.parse(event.body ?? '{}')
  if (!email) return answer(400, { error: 'email is missing' })
  const prisma = await database()
  const user = await prisma.user.upsert({ where: { email }, update: { name }, create: { email, name } })
  return answer(201, { email: user.email, name: user.name })
}
