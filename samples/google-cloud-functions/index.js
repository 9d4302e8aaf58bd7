'use strict'

const { PrismaClient } = require('@prisma/client')
const { PrismaLibSql } = require('@prisma/adapter-libsql')

// /tmp is the one place a function may write; DATABASE_URL points at a server for data that should stay.
const prisma = new PrismaClient({ adapter: new PrismaLibSql({ url: process.env.DATABASE_URL ?? 'file:/tmp/app.db' }) })
const TABLES = [
  `CREATE TABLE IF NOT EXISTS "User" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "email" TEXT NOT NULL UNIQUE, "name" TEXT)`,
  `CREATE TABLE IF NOT EXISTS "Post" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "title" TEXT NOT NULL,
    "authorId" INTEGER NOT NULL REFERENCES "User" ("id"))`,
]
let ready

async function prepare() {
  for (const statement of TABLES) await prisma.$executeRawUnsafe(statement)
  await prisma.user.upsert({ where: { email: 'ada@example.com' }, update: {}, create: { email: 'ada@example.com', name: 'Ada' } })
}

/** Answers every request with the users. */
exports.users = async (request, response) => {
  ready ??= prepare()
  await ready
  const users = await prisma.user.findMany({ select: { email: true, name: true }, orderBy: { id: 'asc' } })
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(users))
}
