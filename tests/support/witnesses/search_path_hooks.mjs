// The resolver of search_path.mjs: what is not found where the importing file lies is looked for in each folder.
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

let folders = []

export function initialize (text) {
  folders = text.split(':').filter(Boolean)
}

export async function resolve (specifier, context, next) {
  try {
    return await next(specifier, context)
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/^[@\w]/.test(specifier) || specifier.includes(':')) throw error
    for (const folder of folders) {
      const inside = basename(folder) === 'node_modules'
      const parentURL = pathToFileURL(join(inside ? dirname(folder) : folder, 'any.mjs')).href
      try {
        return await next(inside ? specifier : `./${specifier}`, { ...context, parentURL })
      } catch { /* the next folder may have it */ }
    }
    throw error
  }
}
