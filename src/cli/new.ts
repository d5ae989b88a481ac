import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { readFileSync, writeFileSync } from '../disk.js'
import { exists } from '../diagnostics/catalogue/file.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { exitCodes } from './exit-codes.js'
import { packageRoot } from './files.js'
import { ownSpecifier } from './own-specifier.js'
import { type Template, templates } from './templates.js'
import { commandLine } from './print.js'

/** `dcrc new NAME`: a folder with a first pipeline that runs at once. */
export function newProject(folder: string, { template: wanted }: { readonly template: string }): number {
  const template = templates.find(({ name }) => name === wanted)
  if (!template) throw new Error(`no template ${wanted}`)
  if (existsSync(folder) && !isEmptyFolder(folder))
    throw new UserError(exists({ file: folder, start: 0, end: 0 }, { path: folder }))
  mkdirSync(folder, { recursive: true })
  for (const { from, to } of template.files)
    cpSync(join(packageRoot, 'pipelines', from), join(folder, to), { recursive: true })
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifestOf(folder, template), null, 2)}\n`)
  writeFileSync(join(folder, '.gitignore'), 'node_modules/\ncompiled/\nruns/\n.cache/\n')
  writeFileSync(join(folder, '.npmrc'), npmSettings)
  process.stdout.write(`${describe(folder, template)}\n`)
  return exitCodes.done
}

const isEmptyFolder = (path: string): boolean =>
  statSync(path).isDirectory() && readdirSync(path).length === 0

/** As in dcrc's own repository: the install script of onnxruntime-node fetches CUDA libraries, which nothing needs. */
const npmSettings = 'onnxruntime-node-install=skip\nloglevel=error\n'

function manifestOf(folder: string, { main, packages }: Template): object {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
  return {
    name,
    private: true,
    type: 'module',
    dcrc: main,
    allowScripts: { 'onnxruntime-node': false, koffi: false },
    dependencies: {
      dcrc: ownSpecifier(folder),
      ...Object.fromEntries(packages.map((each) => [each, testedVersion(each)])),
    },
  }
}

/** The version of a package that dcrc is developed with. */
function testedVersion(name: string): string {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(packageRoot, 'package.json'), 'utf8'),
  ) as Readonly<Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>>
  const version = dependencies[name] ?? devDependencies[name]
  if (version === undefined) throw new Error(`${name} is no dependency`)
  return version
}

function describe(folder: string, { says, main, commands }: Template): string {
  const steps = [['npm install', 'dcrc, and what the data come from'] as const, ...commands]
  const width = Math.max(...steps.map(([command]) => (command.length > 20 ? 0 : command.length)))
  return [
    `made ${folder}/ with ${main}: ${says}`,
    '',
    `  ${commandLine(['cd', folder])}`,
    ...steps.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`),
    '',
    `then edit ${main}; the language is in ${join(packageRoot, 'docs', 'tour.md')}`,
  ].join('\n')
}
