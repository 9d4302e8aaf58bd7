'use strict';
// nft's own trace of one script, as its test/integration.test.js asks for it.
// Usage: node trace.cjs NFT BASE SCRIPT, all absolute; prints the files as a JSON array, relative to BASE.

const path = require('path');

const [nft, base, script] = process.argv.slice(2);

require(nft)
  .nodeFileTrace([script], { base, processCwd: path.dirname(script), ignore: ['test/integration/**'] })
  .then(({ fileList }) => process.stdout.write(JSON.stringify([...fileList].sort())));
