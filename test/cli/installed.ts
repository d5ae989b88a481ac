import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What a command left: its exit code, as a shell tells it, and all that it printed. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A process that runs, and what it has printed to stderr so far. */
export interface Running {
  readonly outcome: Promise<Outcome>
  printed(): string
  interrupt(signal?: NodeJS.Signals): void
}

/** What asks for colours: a pipe gets none even so. */
const colourful = { CI: '1', FORCE_COLOR: '1' }

/** What a command is started in. */
export interface Surroundings {
  /** All its variables, instead of those of the tests. */
  readonly env?: NodeJS.ProcessEnv
  /** A command that runs it. */
  readonly under?: readonly string[]
}

/**
 * dcrc as npm installs it: the bundle that `npm run build` makes, beside the library and its packages; and a folder in
 * which a user works.
 */
export class Installed {
  private constructor(
    readonly place: string,
    /** Where commands are started. */
    readonly folder: string,
  ) {}

  static build(): Installed {
    return new Installed(onePackage(), mkdtempSync(join(tmpdir(), 'dcrc-work-')))
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts)
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(this.path(file)), { recursive: true })
    writeFileSync(this.path(file), text)
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8')
  }

  /** Gives a folder the packages that data comes from. */
  install(folder: string): void {
    symlinkSync(join(repository, 'node_modules'), this.path(folder, 'node_modules'))
  }

  /** Copies a file or folder of the repository's pipelines. */
  copy(from: string, to: string): void {
    cpSync(join(repository, 'pipelines', from), this.path(to), { recursive: true })
  }

  start(
    args: readonly string[],
    folder = '.',
    { env = { ...process.env, ...colourful }, under = [] }: Surroundings = {},
  ): Running {
    const [command = '', ...rest] = [
      ...under,
      process.execPath,
      join(this.place, 'dist/cli/main.js'),
      ...args,
    ]
    const child = spawn(command, rest, {
      cwd: this.path(folder),
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString()))
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
    const outcome = new Promise<Outcome>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (exit, signal) => {
        const code = exit ?? 128 + constants.signals[signal ?? 'SIGKILL']
        resolve({ code, stdout: this.plain(stdout), stderr: this.plain(stderr) })
      })
    })
    return { outcome, printed: () => stderr, interrupt: (signal = 'SIGINT') => void child.kill(signal) }
  }

  /** Starts a command that is talked to over its standard streams. */
  talk(args: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn(process.execPath, [join(this.place, 'dist/cli/main.js'), ...args], { cwd: this.folder })
  }

  /** Runs a command line, words separated by spaces, to its end. */
  dcrc(line: string, folder = '.'): Promise<Outcome> {
    return this.start(line === '' ? [] : line.split(' '), folder).outcome
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Text without the names of temporary folders. */
  private plain(text: string): string {
    return text.replaceAll(this.folder, '<work>').replaceAll(this.place, '<package>')
  }
}

/** The package of this run of tests: the first file that asks builds it, and others wait for that. */
function onePackage(): string {
  const place = inject('package')
  const done = join(place, 'done')
  if (!isFirst(join(place, 'dist'))) {
    while (!existsSync(done)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    if (readFileSync(done, 'utf8') !== '') throw new Error('the build failed, as another file tells')
    return place
  }
  try {
    for (const name of ['pipelines', 'docs', 'package.json', 'node_modules'])
      symlinkSync(join(repository, name), join(place, name))
    execFileSync(process.execPath, ['build.mjs', join(place, 'dist/cli')], { cwd: repository })
    writeFileSync(done, '')
  } catch (error) {
    writeFileSync(done, 'failed')
    throw error
  }
  return place
}

function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch {
    return false
  }
}

/** Waits for a text on stderr; a process that ends without it fails the test. */
export async function printed(running: Running, text: string): Promise<void> {
  let ended = false
  void running.outcome.then(() => (ended = true))
  while (!running.printed().includes(text)) {
    if (ended) throw new Error(`it ended: ${running.printed()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
