import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import protobuf from 'protobufjs/light.js'
import { writeArtefact } from '../../src/cli/write-artefact.js'
import { compile } from '../../src/compiler/index.js'
import { eventsFile } from '../../src/runtime/tensorboard.js'
import { type Lost, cutPower } from './power-cut.js'
import { samples } from './samples.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What becomes of one call of the system: see inject.c. */
export interface Fault {
  readonly at: number
  /** The kind of the calls that `at` counts; all where absent. What stands at a place of all depends on the clock. */
  readonly of?: string
  /** A part of the path of the calls that `at` counts. */
  readonly on?: string
  readonly how: 'kill' | 'torn' | 'short' | keyof typeof constants.errno
  /** All calls that `at` counts fail from then on, as on a disk that stays full. */
  readonly stays?: boolean
}

/** What is done to a process, and behind it to the disk. */
export interface Harm {
  readonly fault?: Fault
  /** SIGKILL after so many milliseconds. */
  readonly killAfter?: number
  /** What was not synced is lost. */
  readonly powerCut?: Lost
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Whether a process has brought a run to the end of an undisturbed one, which may be that it went astray. */
export const hasEnded = (ended: Ended, whole: Ended): boolean =>
  ended.code === whole.code && (ended.code === 0 || said(ended) === said(whole))
/** That it takes the lock of the process before it over is told as well, and says nothing of how it ends. */
const said = ({ stdout }: Ended): string =>
  stdout.replaceAll(/\/\d+\/run\b/g, '/run').replaceAll(/^run\/lock-taken: .*\n/gm, '')

/** What a run has come to, as far as it does not depend on time. */
export type Outcome = Readonly<Record<string, unknown>>

/** Runs of one sample in processes that are killed, or whose calls of the system fail. */
export class Crashes {
  private folders = 0

  private constructor(
    private readonly sample: string,
    private readonly root: string,
    /** Why calls cannot be made to fail here. */
    readonly noFaults: string | undefined,
  ) {}

  /** Bundles the child, which then starts fast, and compiles the sample and what is loaded into the child. */
  static async open(sample: string): Promise<Crashes> {
    const root = mkdtempSync(join(tmpdir(), 'dcrc-crash-'))
    compileSample(sample, compiledIn(root))
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
    return new Crashes(sample, root, compileShim(root))
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

  /** Runs or resumes to its end, or to what is done to it. */
  async run(folder: string, { powerCut, ...harm }: Harm = {}): Promise<Ended> {
    if (powerCut === undefined) return this.start(folder, harm)
    rmSync(this.log, { force: true })
    const ended = await this.start(folder, { ...harm, log: this.log })
    if (ended.signal === 'SIGKILL') cutPower(this.log, powerCut)
    return ended
  }

  private get log(): string {
    return join(this.root, 'calls')
  }

  private start(
    folder: string,
    { fault, killAfter, log }: Omit<Harm, 'powerCut'> & { readonly log?: string },
  ): Promise<Ended> {
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
            ...(fault?.of === undefined ? {} : { CRASH_OF: fault.of }),
            ...(fault?.on === undefined ? {} : { CRASH_ON: fault.on }),
            ...(fault?.stays ? { CRASH_STAYS: '1' } : {}),
            ...(log === undefined ? {} : { CRASH_LOG: log }),
          }
        : {}
    return new Promise<Ended>((resolve) => {
      const script = join(repository, 'dist/crash/child.js')
      const child = spawn(process.execPath, [script, this.sample, compiledIn(this.root), folder], {
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
    rmSync(this.log, { force: true })
    await this.start(this.fresh(), { log: this.log })
    return readFileSync(this.log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t')[1] ?? '')
  }

  remove(folder: string): void {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The folder of what a sample is compiled to. */
const compiledIn = (root: string): string => join(root, 'compiled')

function compileSample(name: string, folder: string): void {
  const entry = samples.get(name)?.source
  if (entry === undefined) return
  const library = join(repository, 'pipelines')
  const { artefact, diagnostics } = compile({
    entry,
    files: { read: (path) => readFileSync(join(path === entry ? here : library, path), 'utf8') },
  })
  if (!artefact) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  writeArtefact(artefact, folder)
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
  const files = (readdirSync(folder, { recursive: true, encoding: 'utf8' }) as readonly string[])
    .filter((name) => name.endsWith('.safetensors'))
    .sort()
  return {
    files: Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'base64')])),
    metrics: text('metrics.jsonl').replaceAll(timed, ''),
    evaluations: text('eval.json'),
    events: eventsIn(readFileSync(join(folder, eventsFile))),
    others: readdirSync(folder).sort(),
    checkpoints: readdirSync(join(folder, 'checkpoints')).sort(),
    isRun: existsSync(join(folder, 'run.json')),
  }
}

const timed = /"(?:step|data)_ms":[\d.e-]+/g

/** The part of TensorBoard's messages that is compared. Source: tensorflow/core/util/event.proto, summary.proto. */
const { nested } = protobuf.Root.fromJSON({
  nested: {
    Event: { fields: { step: { type: 'int64', id: 2 }, summary: { type: 'Summary', id: 5 } } },
    Summary: { fields: { value: { rule: 'repeated', type: 'Value', id: 1 } } },
    Value: { fields: { tag: { type: 'string', id: 1 }, simpleValue: { type: 'float', id: 2 } } },
  },
})

/** Tags, steps and values of all events; their order depends on where a run went on. */
function eventsIn(file: Buffer): readonly string[] {
  const type = nested?.['Event'] as protobuf.Type
  const found: string[] = []
  for (let at = 0; at < file.length;) {
    const end = at + 12 + Number(file.readBigUInt64LE(at))
    const event = type.toObject(type.decode(file.subarray(at + 12, end)), { longs: Number })
    const { step, summary } = event as {
      readonly step?: number
      readonly summary?: {
        readonly value?: readonly { readonly tag: string; readonly simpleValue?: number }[]
      }
    }
    for (const { tag, simpleValue } of summary?.value ?? [])
      if (!tag.endsWith('_ms')) found.push(`${tag} ${step} ${simpleValue}`)
    at = end + 4
  }
  return found.sort()
}
