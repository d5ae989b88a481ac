import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { eventsFile, keptRecords } from '../../src/runtime/tensorboard.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What becomes of one call of the system: see inject.c. */
export interface Fault {
  readonly at: number
  readonly how: 'kill' | 'torn' | 'short' | keyof typeof constants.errno
  /** All calls from then on fail, as on a disk that stays full. */
  readonly stays?: boolean
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** What a run has come to, as far as it does not depend on time. */
export type Outcome = Readonly<Record<string, unknown>>

/** Runs of one pipeline in processes that are killed, or whose calls of the system fail. */
export class Crashes {
  private folders = 0

  private constructor(
    private readonly root: string,
    /** Why calls cannot be made to fail here. */
    readonly noFaults: string | undefined,
  ) {}

  /** Bundles the child, which then starts fast, and compiles what is loaded into it. */
  static async open(): Promise<Crashes> {
    const root = mkdtempSync(join(tmpdir(), 'dcrc-crash-'))
    await build({
      entryPoints: { child: join(here, 'child.ts'), worker: join(repository, 'src/runtime/worker.ts') },
      outdir: join(repository, 'dist/crash'),
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      external: ['onnxruntime-node', 'koffi', 'sharp'],
      banner: {
        js: "import{createRequire as require_}from'node:module';const require=require_(import.meta.url);",
      },
      logLevel: 'warning',
    })
    return new Crashes(root, compileShim(root))
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true })
  }

  /** A folder for a run that does not exist yet. */
  fresh(): string {
    const parent = join(this.root, `${this.folders++}`)
    mkdirSync(parent)
    return join(parent, 'run')
  }

  /** Runs or resumes to its end, or to what is done to it: a fault, or SIGKILL after some milliseconds. */
  run(
    folder: string,
    harm: { readonly fault?: Fault; readonly killAfter?: number; readonly log?: string } = {},
  ) {
    const { fault, killAfter, log } = harm
    const injected =
      fault || log !== undefined
        ? {
            LD_PRELOAD: shimOf(this.root),
            CRASH_FOLDER: folder,
            ...(fault
              ? {
                  CRASH_AT: `${fault.at}`,
                  CRASH_HOW: fault.how in constants.errno ? `${errno(fault.how)}` : fault.how,
                }
              : {}),
            ...(fault?.stays ? { CRASH_STAYS: '1' } : {}),
            ...(log === undefined ? {} : { CRASH_LOG: log }),
          }
        : {}
    return new Promise<Ended>((resolve) => {
      const child = spawn(process.execPath, [join(repository, 'dist/crash/child.js'), folder], {
        env: { ...process.env, NODE_OPTIONS: '', ...injected },
      })
      const clock = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
      child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
      child.on('close', (code, signal) => {
        clearTimeout(clock)
        resolve({ code, signal, stdout, stderr })
      })
    })
  }

  /** The calls of a whole run that change its folder, in order. */
  async calls(): Promise<readonly string[]> {
    const log = join(this.root, 'calls')
    rmSync(log, { force: true })
    await this.run(this.fresh(), { log })
    return readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
  }

  remove(folder: string): void {
    rmSync(folder, { recursive: true, force: true })
  }
}

const errno = (how: string): number => constants.errno[how as keyof typeof constants.errno]
const shimOf = (root: string): string => join(root, 'inject.so')

/** Why there is no shim; undefined where there is one. */
function compileShim(root: string): string | undefined {
  if (process.platform !== 'linux') return 'calls are made to fail by LD_PRELOAD, which Linux has'
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', shimOf(root), join(here, 'inject.c'), '-ldl'], {
      stdio: 'pipe',
    })
    return undefined
  } catch {
    return 'calls are made to fail by a library in C, and there is no C compiler (cc)'
  }
}

/** All that a finished run leaves and that does not depend on time. */
export function outcomeOf(folder: string): Outcome {
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const events: string[] = []
  keptRecords(
    readFileSync(join(folder, eventsFile)),
    ({ stage, step }) => events.push(`${stage} ${step}`) > 0,
  )
  const files = (readdirSync(folder, { recursive: true, encoding: 'utf8' }) as readonly string[])
    .filter((name) => name.endsWith('.safetensors'))
    .sort()
  return {
    files: Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'base64')])),
    metrics: text('metrics.jsonl').replaceAll(/"(?:step|data)_ms":[\d.e-]+/g, ''),
    evaluations: text('eval.json'),
    events,
    others: readdirSync(folder).sort(),
    checkpoints: readdirSync(join(folder, 'checkpoints')).sort(),
    isRun: existsSync(join(folder, 'run.json')),
  }
}
