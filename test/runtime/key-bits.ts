import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Artefact } from '../../src/artefact/manifest.js'
import { sha256 } from '../../src/graph/sha256.js'
import { runPipeline } from '../../src/runtime/run.js'
import { stageKeys } from '../../src/runtime/store/stage-key.js'
import { compileText } from '../parity/harness.js'

/**
 * Pairs of edits of one pipeline, by which stages must have equal keys exactly where their results have equal bits.
 * Edits are drawn at random; each names what it does, and no more than that is said of it.
 */
const base = `
module Vector() {
  value: float[3] = normal(std = 1.0)
  fn forward() = value
}
pipeline walk {
  model a = Vector()
  model b = Vector()
  let noise = draw normal of [3]
  let goal = 1.0
  stage first {
    train a
    minimize mean((a.value + noise - goal) ** 2)
    optimizer adamw(lr = 0.1)
    steps 5
    // first
  }
  stage second {
    train b
    minimize mean((b.value - stop_gradient(a.value)) ** 2)
    optimizer sgd(lr = 0.3)
    steps 3
    // second
  }
  evaluate size = average(value = mean(b.value + a.value), batches = 1)
  export b
}
`

const edits: Readonly<Record<string, (text: string) => string>> = {
  'a comment': (t) => `// nothing\n${t}`,
  'blank lines': (t) => t.replaceAll('  stage', '\n\n  stage'),
  'a name of a value': (t) => t.replaceAll('goal', 'aim'),
  'the name of the pipeline': (t) => t.replace('pipeline walk', 'pipeline stroll'),
  'a param of the same value': (t) => t.replace('let goal = 1.0', 'param goal: float = 1.0'),
  'a setting that is the default': (t) =>
    t.replace('adamw(lr = 0.1)', 'adamw(lr = 0.1, betas = (0.9, 0.999))'),
  'a monitor': (t) => t.replace('// first', 'monitor far = mean(a.value) every 2'),
  'a monitor of a draw': (t) => t.replace('// second', 'monitor off = mean(draw normal of [3]) every 1'),
  'another evaluation': (t) =>
    t.replace('  export', '  evaluate more = average(value = mean(a.value), batches = 1)\n  export'),
  'no evaluation': (t) => t.replace(/ {2}evaluate size.*\n/, ''),
  'another export': (t) => t.replace('export b', 'export b\n  export a'),
  'the order of models': (t) =>
    t.replace('  model a = Vector()\n  model b = Vector()\n', '  model b = Vector()\n  model a = Vector()\n'),
  'an unused function': (t) => t.replace('  let goal', '  fn twice(x) = 2.0 * x\n  let goal'),
  'how many checkpoints stay': (t) => t.replace('// second', 'keep last 1'),
  'the name of a draw': (t) => t.replaceAll('noise', 'hiss'),
  'a rate': (t) => t.replace('lr = 0.1', 'lr = 0.2'),
  'a rate of the second stage': (t) => t.replace('lr = 0.3', 'lr = 0.2'),
  steps: (t) => t.replace('steps 5', 'steps 6'),
  'steps of the second stage': (t) => t.replace('steps 3', 'steps 4'),
  'the goal': (t) => t.replace(' 1.0\n', ' 2.0\n').replace('goal: float = 1.0', 'goal: float = 2.0'),
  'initial values': (t) => t.replace('std = 1.0', 'std = 0.5'),
  decay: (t) => t.replace('lr = 0.1', 'lr = 0.1, weight_decay = 0.1'),
  clipping: (t) => t.replace('// second', 'clip_norm 0.01'),
  averages: (t) => t.replace('// second', 'ema 0.9'),
  'what the second stage reads': (t) => t.replace('stop_gradient(a.value)', 'stop_gradient(2.0 * a.value)'),
  'a draw beside': (t) => t.replace('noise - goal', 'noise + 0.1 * (draw normal of [3]) - goal'),
}

/** By stage: its key, and a hash of all that its last checkpoint holds. */
type Stages = ReadonlyMap<string, { readonly key: string; readonly bits: string }>

export interface Pair {
  readonly edits: readonly [readonly string[], readonly string[]]
  readonly stages: readonly {
    readonly stage: string
    readonly sameKey: boolean
    readonly sameBits: boolean
  }[]
}

/** Compares so many pairs; the seed says which. */
export async function comparePairs(pairs: number, seed: number): Promise<readonly Pair[]> {
  const random = generator(seed)
  const known = new Map<string, Stages>()
  const stagesOf = async (names: readonly string[]): Promise<Stages> => {
    const text = names.reduce((t, name) => edits[name]?.(t) ?? t, base)
    const found = known.get(text) ?? (await train(compileText(text)))
    known.set(text, found)
    return found
  }
  const names = Object.keys(edits)
  const some = (most: number): readonly string[] =>
    Array.from(
      { length: Math.floor(random() * (most + 1)) },
      () => names[Math.floor(random() * names.length)] ?? '',
    )
  const found: Pair[] = []
  for (let k = 0; k < pairs; k++) {
    const common = some(1)
    const [one, other] = [
      [...common, ...some(1)],
      [...common, ...some(2)],
    ]
    const [a, b] = [await stagesOf(one), await stagesOf(other)]
    const stages = [...a].flatMap(([stage, { key, bits }]) => {
      const second = b.get(stage)
      return second ? [{ stage, sameKey: key === second.key, sameBits: bits === second.bits }] : []
    })
    found.push({ edits: [one, other], stages })
  }
  return found
}

async function train(artefact: Artefact): Promise<Stages> {
  const { manifest } = artefact
  const keys = stageKeys(manifest, { seed: 0, steps: ({ steps }) => steps, origins: new Map(), data: {} })
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-keys-'))
  try {
    const { status } = await runPipeline(artefact, { root: folder, runDir: join(folder, 'run') })
    if (status !== 'done') throw new Error(`the run is ${status}`)
    return new Map(
      manifest.stages.map(({ name, steps }) => {
        const checkpoint = join(folder, 'run/checkpoints', `${name}-${steps}`)
        const files = readdirSync(checkpoint, { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.safetensors'))
          .sort()
        const bits = files.map((file) => [file, sha256(readFileSync(join(checkpoint, file)))])
        return [name, { key: keys.get(name) ?? '', bits: JSON.stringify(bits) }]
      }),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Lehmer's generator, so that the same pairs come again. */
function generator(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}
