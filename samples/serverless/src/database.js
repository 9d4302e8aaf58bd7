'use strict'

const { PrismaClient } = require('@prisma/client')
const { PrismaLibSql } = require('@prisma/adapter-libsql')

// Outside the handlers: made once per container. /tmp is the one place a function may write.
const prisma = new PrismaClient({ adapter: new PrismaLibSql({ url: process.env.DATABASE_URL ?? 'file:/tmp/app.db' }) })
const TABLES = [
  `CREATE TABLE IF NOT EXISTS "User" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "email" TEXT NOT NULL UNIQUE, "name" TEXT)`,
  `CREATE TABLE IF NOT EXISTS "Post" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "title" TEXT NOT NULL,
    "authorId" INTEGER NOT NULL REFERENCES "User" ("id"))`,
]
let ready

async function createTables() {
  for (const statement of TABLES) await prisma.$executeRawUnsafe(statement)
}

/** Returns the client once its tables are there. */
exports.database = async () => {
  ready ??= createTables()
  await ready
  return prisma
}

exports.answer = (statusCode, value) => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})
