// The archiver package as bundlers use it: the whole folder, deflate at 9.
const fs = require('node:fs')
const archiver = require('archiver')

const archive = archiver('zip', { zlib: { level: 9 } })
archive.pipe(fs.createWriteStream(process.argv[2]))
archive.directory('.', false)
archive.finalize()
