'use strict'

// Ends the sessions that dead or long frozen containers have left behind. Run it on a schedule, say every five minutes.
//
// Event (all optional): { "dryRun": true, "idleSeconds": 300, "applicationName": "guard:%" }
// Only what is idle, for long enough, and by its application name ours: never a session that is in a query or in a
// transaction. A container that wakes up again finds its session gone and makes a new one: connection-guard sees to it.

const { Client } = require('pg')

const FOUND = `
  SELECT pid, application_name AS name, extract(epoch FROM now() - state_change)::int AS idle
    FROM pg_stat_activity
   WHERE backend_type = 'client backend' AND datname = current_database() AND usename = current_user
     AND pid <> pg_backend_pid() AND state = 'idle'
     AND application_name LIKE $1 AND state_change < now() - make_interval(secs => $2)
   ORDER BY state_change`

// The conditions stand in the same statement as the end: what has become active in between is left alone.
const END = `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) ::int AS ended FROM (${FOUND}) AS found`

exports.handler = async (event) => {
  const { dryRun = true, idleSeconds = 300, applicationName = 'guard:%' } = event ?? {}
  const client = new Client({ connectionString: process.env.DATABASE_URL, application_name: 'connection-reaper' })
  await client.connect()
  try {
    const found = (await client.query(FOUND, [applicationName, idleSeconds])).rows
    const ended = dryRun ? 0 : (await client.query(END, [applicationName, idleSeconds])).rows[0].ended
    const { rows } = await client.query("SELECT count(*)::int AS held FROM pg_stat_activity WHERE backend_type = 'client backend'")
    print({ zombies: found.length, ended, held: rows[0].held })
    return { dryRun, zombies: found.length, ended, held: rows[0].held, sessions: found }
  } finally {
    // The one function that should end its own connection: it is not called again for minutes.
    await client.end()
  }
}

/** Prints the numbers in CloudWatch's embedded metric format: one log line, no API call. */
function print(values) {
  const metrics = Object.keys(values).map((Name) => ({ Name, Unit: 'Count' }))
  const directive = { Namespace: 'connection-reaper', Dimensions: [[]], Metrics: metrics }
  console.log(JSON.stringify({ _aws: { Timestamp: Date.now(), CloudWatchMetrics: [directive] }, ...values }))
}
