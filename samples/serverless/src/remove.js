'use strict'

const { answer, database } = require('./database')

/** Removes the user named in the path. */
exports.handler = async (event) => {
  const prisma = await database()
  const { count } = await prisma.user.deleteMany({ where: { email: event.pathParameters?.email ?? '' } })
  return answer(count ? 200 : 404, { removed: count })
}
