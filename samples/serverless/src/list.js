'use strict'

const { answer, database } = require('./database')

/** Answers with all users. */
exports.handler = async () => {
  const prisma = await database()
  return answer(200, await prisma.user.findMany({ select: { email: true, name: true }, orderBy: { id: 'asc' } }))
}
