'use strict'

/**
 * One database client per container.
 *
 *   const { getClient } = require('connection-guard')
 *   const db = getClient((settings) => new Pool({ connectionString: process.env.DATABASE_URL, ...settings }))
 *
 *   exports.handler = async () => (await db()).query('SELECT 1')
 *
 * A container is frozen between two calls, with its sockets open and its timers standing still. Meanwhile the server
 * may have ended the session. So after a pause the client is asked for a sign of life before the handler gets it, and
 * made anew if there is none: no query of the handler's is ever sent twice.
 *
 * Dependency-free. Speaks with pg's Pool and Client, mysql2's and mariadb's pools, Prisma, and anything given its own
 * `check` and `close`.
 */

const { randomBytes } = require('crypto')

/** PostgreSQL cuts application names after 63 bytes; the container's part comes first, so that it survives. */
const container = randomBytes(4).toString('hex')
const applicationName = `guard:${container}:${process.env.AWS_LAMBDA_FUNCTION_NAME || 'local'}`.slice(0, 63)

const DEFAULTS = {
  size: 1, // one call at a time runs in a container
  idleSeconds: 60, // given back by a container that is awake, but has nothing to ask
  connectSeconds: 5,
  checkAfterSeconds: 2, // a pause that may have been a freeze
  checkSeconds: 2, // how long a sign of life may take: a dead peer says nothing at all
}

const open = new Set()

/** Returns a function that resolves to the container's client. Call it outside the handler, and its result inside. */
function getClient(factory, options = {}) {
  const { check = alive, close = end, ...numbers } = options
  const { size, idleSeconds, connectSeconds, checkAfterSeconds, checkSeconds } = { ...DEFAULTS, ...numbers }
  // The names pg, mysql2 and mariadb have for these; each driver ignores the others'.
  const settings = {
    max: size,
    connectionLimit: size,
    idleTimeoutMillis: idleSeconds * 1000,
    connectionTimeoutMillis: connectSeconds * 1000,
    application_name: applicationName,
    allowExitOnIdle: true,
    keepAlive: true,
  }
  const state = { client: undefined, making: undefined, broken: false, used: 0, close }
  open.add(state)

  async function make() {
    const client = await factory(settings)
    if (client && typeof client.connect === 'function' && isSingle(client)) await client.connect()
    // Without a listener, the end of an idle session ends the process.
    if (client && typeof client.on === 'function') {
      client.on('error', () => {
        if (state.client === client) state.broken = true
      })
      client.on('end', () => {
        if (state.client === client) state.broken = true
      })
    }
    return client
  }

  async function usable() {
    const paused = Date.now() - state.used > checkAfterSeconds * 1000
    if (state.client !== undefined && (state.broken || paused)) {
      const known = state.client
      const well = !isSingle(known) || !state.broken
      if (!(well && (await within(checkSeconds, check(known))))) {
        state.client = undefined
        // Not awaited: a dead peer never says goodbye.
        Promise.resolve(close(known)).catch(() => {})
      }
      state.broken = false
    }
    state.client ??= await make()
    state.used = Date.now()
    return state.client
  }

  return function client() {
    // Parallel queries of one call share one check and one attempt to connect.
    state.making ??= usable().finally(() => {
      state.making = undefined
    })
    return state.making
  }
}

/** A Client of pg is one connection; pools and Prisma make theirs when they are asked. */
function isSingle(client) {
  return Boolean(client && client.constructor && client.constructor.name === 'Client')
}

async function alive(client) {
  if (typeof client.$queryRawUnsafe === 'function') await client.$queryRawUnsafe('SELECT 1')
  else if (typeof client.query === 'function') await client.query('SELECT 1')
  return true
}

function end(client) {
  if (typeof client.$disconnect === 'function') return client.$disconnect()
  if (typeof client.end === 'function') return client.end()
  return undefined
}

/** Returns whether a promise came true in time. */
async function within(seconds, promise) {
  let timer
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, seconds * 1000, false)
  })
  try {
    return await Promise.race([Promise.resolve(promise).then(() => true), late])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}

/** Closes every client of this container: what SIGTERM does, and what tests may call. */
async function closeAll() {
  const clients = [...open].filter((state) => state.client !== undefined)
  await Promise.allSettled(
    clients.map((state) => {
      const known = state.client
      state.client = undefined
      return state.close(known)
    }),
  )
}

// Lambda sends SIGTERM before it ends a container, if an extension is registered, and then waits 500 ms.
process.once('SIGTERM', () => {
  const timer = setTimeout(() => process.exit(0), 400)
  closeAll().finally(() => {
    clearTimeout(timer)
    process.exit(0)
  })
})

module.exports = { getClient, closeAll, applicationName }
