// Every file of one function into a zip, by Netlify's zip-it-and-ship-it.
import { zipFunctions } from '@netlify/zip-it-and-ship-it'

const [, , project] = process.argv
await zipFunctions([`${project}/functions`], `${project}/dist`, {
  basePath: project,
  config: { '*': { nodeBundler: 'nft', includedFiles: ['functions/api/**'] } },
})
