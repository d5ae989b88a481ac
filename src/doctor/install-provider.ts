import { spawnSync } from 'node:child_process'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import yauzl from 'yauzl'
import { readFileSync } from '../disk.js'
import { cannotInstall } from '../diagnostics/catalogue/target.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { partOf } from '../durable.js'
import { packageFolder, providerFolder } from '../providers/folder.js'
import type { Installed } from '../targets/session.js'
import { firstLine } from './finding.js'
import { installCommand } from './onnxruntime.js'

/**
 * Puts the files of a provider beside onnxruntime's library: out of a folder, a wheel of onnxruntime-gpu or another zip
 * archive; without one those that onnxruntime-node's own script fetches, or that pip does. Gives where they lie. Throws
 * UserError where they cannot be had.
 */
export async function installProvider(installed: Installed, from: string | undefined): Promise<string> {
  const folder = packageFolder()
  if (folder === undefined) throw refused('onnxruntime-node is not installed', installCommand)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  const to = providerFolder(folder)
  if (from !== undefined) {
    await takeFrom(from, installed, version, to)
    return to
  }
  spawnSync(process.execPath, [join(folder, 'script/install.js'), '--onnxruntime-node-install'], {
    cwd: folder,
    stdio: 'ignore',
    timeout: 600_000,
  })
  if (installed.files.every((file) => existsSync(join(to, file)))) return to
  const scratch = mkdtempSync(join(tmpdir(), 'dcrc-provider-'))
  try {
    await takeFrom(downloaded(version, scratch), installed, version, to)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return to
}

const refused = (problem: string, help: string): UserError =>
  new UserError(cannotInstall({ file: '--install', start: 0, end: 0 }, { problem, help }))

/** The wheel of onnxruntime-gpu of the same version, fetched by pip: it is the same build. */
function downloaded(version: string, scratch: string): string {
  const wheel = `onnxruntime-gpu==${version}`
  const platform = ['--platform', 'manylinux_2_28_x86_64', '--python-version', '3.12']
  const words = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    ...platform,
    '-d',
    scratch,
    wheel,
  ]
  const ended = spawnSync('python3', words, { encoding: 'utf8' })
  const [file] = readdirSync(scratch).filter((name) => name.endsWith('.whl'))
  if (file !== undefined) return join(scratch, file)
  throw refused(
    `neither onnxruntime-node's script nor pip could fetch it${ended.error ? ' (there is no python3)' : ''}`,
    `fetch the wheel where there is a network, \`pip download --no-deps ${wheel}\`, and name it: \`--from FILE\``,
  )
}

/** Puts a provider's files out of a folder or an archive into a folder; throws UserError. */
export async function takeFrom(
  from: string,
  { files }: Installed,
  version: string,
  to: string,
): Promise<void> {
  if (!existsSync(from)) throw refused(`${from} does not exist`, where)
  const other = /^onnxruntime_gpu-([\d.]+)-/.exec(basename(from))?.[1]
  if (other !== undefined && other !== version)
    throw refused(
      `${basename(from)} is of onnxruntime ${other}, and ${version} is installed`,
      `take \`pip download --no-deps onnxruntime-gpu==${version}\``,
    )
  const taken = statSync(from).isDirectory()
    ? await takeFromFolder(from, files, to)
    : await takeFromArchive(from, files, to)
  const missing = files.find((file) => !taken.has(file))
  if (missing !== undefined) throw refused(`${from} has no ${missing}`, where)
}

const where = 'name a folder that has the files, or a wheel of onnxruntime-gpu'

async function takeFromFolder(
  from: string,
  files: readonly string[],
  to: string,
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>()
  for (const path of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    const file = basename(path)
    if (!files.includes(file) || taken.has(file)) continue
    await put(createReadStream(join(from, path)), join(to, file))
    taken.add(file)
  }
  return taken
}

async function takeFromArchive(
  from: string,
  files: readonly string[],
  to: string,
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>()
  try {
    const archive = await yauzl.openPromise(from, { autoClose: false })
    try {
      for await (const entry of archive.eachEntry()) {
        // a member's own folders say nothing: it goes where the file of this name belongs
        const file = basename(entry.fileName)
        if (!files.includes(file) || taken.has(file)) continue
        await put(await archive.openReadStreamPromise(entry), join(to, file))
        taken.add(file)
      }
    } finally {
      archive.close()
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error
    throw refused(`${from} is no zip archive: ${firstLine(error)}`, where)
  }
  return taken
}

/** Writes a file whole or not at all: onnxruntime may be looking for it. */
async function put(content: Readable, file: string): Promise<void> {
  const part = partOf(file)
  try {
    await pipeline(content, createWriteStream(part))
    renameSync(part, file)
  } finally {
    rmSync(part, { force: true })
  }
}
