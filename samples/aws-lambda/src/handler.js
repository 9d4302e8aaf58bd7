'use strict'

const { PrismaClient } = require('@prisma/client')
const { PrismaLibSql } = require('@prisma/adapter-libsql')

// Outside the handler: made once per container and reused by every later call.
// /tmp is the one place a function may write; point DATABASE_URL at a server for data that should stay.
const url = process.env.DATABASE_URL ?? 'file:/tmp/app.db'
const prisma = new PrismaClient({ adapter: new PrismaLibSql({ url }) })

const TABLES = [
  `CREATE TABLE IF NOT EXISTS "User" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "email" TEXT NOT NULL UNIQUE, "name" TEXT)`,
  `CREATE TABLE IF NOT EXISTS "Post" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "title" TEXT NOT NULL,
    "authorId" INTEGER NOT NULL REFERENCES "User" ("id"))`,
]
let ready

async function createTables() {
  for (const statement of TABLES) await prisma.$executeRawUnsafe(statement)
}

/** Creates the user of the event unless it is there, then returns every user with the titles of their posts. */
exports.handler = async (event) => {
  ready ??= createTables()
  await ready
  const { email = 'ada@example.com', name = 'Ada', title = 'Notes on the Analytical Engine' } = event ?? {}
  await prisma.user.upsert({
    where: { email },
    update: {},
    create: { email, name, posts: { create: { title } } },
  })
  const users = await prisma.user.findMany({ include: { posts: true }, orderBy: { id: 'asc' } })
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(users.map(({ email, name, posts }) => ({ email, name, posts: posts.map((p) => p.title) }))),
  }
}
