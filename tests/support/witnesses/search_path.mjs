// Lambda's runtimes search NODE_PATH for `import`, too, from nodejs18.x on; the client from npm alone does not.
import { register } from 'node:module'

register('./search_path_hooks.mjs', import.meta.url, { data: process.env.WITNESS_SEARCH_PATH })
