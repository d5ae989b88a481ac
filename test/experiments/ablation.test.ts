import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Installed, type Outcome, printed } from '../cli/installed.js'

/*
 * Aim: an ablation runs all its variants with all its seeds, trains no stage twice, says what the numbers say, and ends
 * with the same table however often it is killed on the way.
 */

let dcrc: Installed
beforeAll(() => {
  dcrc = Installed.build()
  dcrc.write('project/package.json', '{}')
  dcrc.install('project')
  dcrc.write(
    'project/digits.dcr',
    `use std.losses { cross_entropy }
use std.nn { Linear }

pipeline digits {
  param lr: float = 1e-2
  param momentum: float = 0.9
  data train = mnist(split = "train", size = 8) rows 16 {
    image: f32[3, 8, 8] = image
    digit: i64[] = digit
  }
  data all = mnist(split = "test", size = 8)
  data test = limit(all, 200) {
    image: f32[3, 8, 8] = image
    digit: i64[] = digit
  }
  model middle = Linear(3 * 8 * 8, 16)
  model reader = Linear(16, 10)
  fn scores(x) = reader(relu(middle(flatten(x, 1))))
  loss surprise = cross_entropy(scores(train.image), train.digit)
  stage first {
    train middle, reader
    minimize surprise
    optimizer adamw(lr = 1e-2)
    steps 12
  }
  stage second {
    train reader
    minimize surprise
    optimizer sgd(lr = lr, momentum = momentum)
    steps 8
  }
  evaluate unseen = classification(logits = scores(test.image), label = test.digit)
}
`,
  )
  const ablation = (name: string, body: string): void =>
    dcrc.write(
      `project/${name}.dcr`,
      `use "./digits.dcr" { digits }\nablation ${name} of digits {\n  ${body}\n}\n`,
    )
  ablation('rates', 'vary lr in [1e-2, 1e-1, 3e-1]; seeds 0..=3')
  dcrc.write(
    'project/primary.dcr',
    `use "./digits.dcr" { digits }
pipeline plain extends digits {
  override param momentum = 0.0
}
ablation primary of digits {
  variant digits {}
  variant slow of plain { override param lr = 1e-3 }
  variant plain = plain
  seeds 0..=2
  primary unseen.accuracy, unseen.loss
}
`,
  )
  dcrc.write(
    'project/chosen.dcr',
    `use "./digits.dcr" { digits }
pipeline watched extends digits {
  data more = mnist(split = "train", size = 8)
  data valid = limit(more, 200) {
    image: f32[3, 8, 8] = image
    digit: i64[] = digit
  }
  evaluate held = classification(logits = scores(valid.image), label = valid.digit)
}
ablation chosen of watched {
  variant digits {}
  variant slow { override param momentum = 0.0 }
  select lr in [1e-3, 1e-1, 1e38] by held.loss on seeds 100..=101
  seeds 0..=1
  primary unseen.accuracy
}
`,
  )
  ablation('steep', 'vary lr in [1e-2, 1e38, 1e-1]')
  ablation('once', 'variant digits {}; variant plain { override param momentum = 0.0 }')
  ablation('long', 'variant a { override stage first { steps 100_000 } }; variant b {}')
  dcrc.write(
    'project/several.dcr',
    'use "./digits.dcr" { digits }\nablation one of digits { vary lr in [0.1] }\nablation two of digits { seeds [1] }\n',
  )
})
afterAll(() => dcrc.remove())
beforeEach(() => {
  for (const folder of ['runs', '.dcrc'])
    rmSync(dcrc.path('project', folder), { recursive: true, force: true })
})

const run = (line: string): Promise<Outcome> => dcrc.dcrc(`run ${line}`, 'project')

interface Results {
  readonly base: string
  readonly columns: readonly { readonly evaluation: string; readonly metric: string }[]
  readonly variants: readonly {
    readonly variant: string
    readonly runs: readonly {
      readonly seed: number
      readonly state: string
      readonly folder: string
      readonly end?: readonly number[]
    }[]
    readonly statistics: readonly {
      readonly end: { readonly n: number; readonly mean: number; readonly half: number | null } | null
      readonly difference: { readonly mean: number; readonly verdict: string } | null
    }[]
  }[]
}
const results = (folder: string): Results =>
  JSON.parse(dcrc.read(`project/${folder}/results.json`)) as Results

describe('an ablation', () => {
  test('runs every variant with every seed, trains what they share once, and compares seed by seed', async () => {
    const { code, stdout, stderr } = await run('rates.dcr --jobs 2')
    expect(stderr).not.toContain('error')
    expect(code).toBe(0)
    const found = results('runs/rates/1')
    expect(found.variants.map(({ variant }) => variant)).toEqual(['lr=0.01', 'lr=0.1', 'lr=0.3'])
    // what each run measured, read from the run itself
    const accuracy = (variant: string, seed: number): number => {
      const text = dcrc.read(`project/runs/rates/1/${variant}/seed-${seed}/eval.json`)
      return (JSON.parse(text) as { moments: { second: { unseen: { accuracy: number } } } }).moments.second
        .unseen.accuracy
    }
    const column = found.columns.findIndex(({ metric }) => metric === 'accuracy')
    for (const { variant, runs, statistics } of found.variants) {
      expect(runs.map(({ seed, state }) => [seed, state])).toEqual([0, 1, 2, 3].map((s) => [s, 'done']))
      const values = runs.map(({ seed }) => accuracy(variant, seed))
      const { end, difference } = statistics[column] ?? {}
      expect(end?.mean).toBeCloseTo(values.reduce((a, b) => a + b) / 4, 12)
      if (variant === found.base) continue
      const paired = runs.map(({ seed }) => accuracy(variant, seed) - accuracy('lr=0.01', seed))
      expect(difference?.mean).toBeCloseTo(paired.reduce((a, b) => a + b) / 4, 12)
    }
    // the first stage does not read the rate: four seeds, each trained once
    expect(stderr.match(/ first 12\/12 /g)).toHaveLength(4)
    expect(stderr.match(/ first is there already: /g)).toHaveLength(8)
    expect(stderr.match(/ second 8\/8 /g)).toHaveLength(12)
    expect(stdout).toMatch(/\nOriginal .*\nlr=0.01 .*\nlr=0.1 .*\nlr=0.3 .*\n/)
    expect(stdout).toContain('against lr=0.01 seed by seed')
    // what one measurement is uncertain by has a row of its own: of 200 rows, a share p, as a binomial has it
    const spread = Number(/\none measurement +([\d.]+)/.exec(stdout)?.[1])
    const mean =
      found.variants
        .flatMap(({ statistics }) => statistics[column]?.end?.mean ?? [])
        .reduce((a, b) => a + b) / 3
    expect(Math.abs(spread / Math.sqrt((mean * (1 - mean)) / 200) - 1)).toBeLessThan(0.1)
    expect(dcrc.read('project/runs/rates/1/results.csv').split('\r\n').length).toBe(1 + 12 * 2 * 3 + 1)
    expect(dcrc.read('project/runs/rates/1/results.tex')).toContain('\\toprule')
    const page = dcrc.read('project/runs/rates/1/report.html')
    expect(page).toContain('<title>Ablation rates ')
    expect(page).toContain('3 variants with 4 seeds each.')
    expect(page.match(/lr=0.3, second/g)).toHaveLength(1)
  })

  test('of which one run fails goes on with the others, and says so in the table', async () => {
    const first = await run('steep.dcr')
    expect(first.code).toBe(1)
    expect(first.stdout).toMatch(/\nOriginal .*\nlr=0.01 .*\nlr=0.1 .*\n/)
    expect(first.stdout).toContain('lr=1e+38 failed: run/not-finite: stage `second`')
    const states = results('runs/steep/1').variants.flatMap(({ runs }) => runs.map(({ state }) => state))
    expect(states).toEqual(['done', 'failed', 'done'])
    // the error would come again
    const again = await run('steep.dcr --resume')
    expect(again.code).toBe(1)
    expect(again.stderr).not.toContain('second 1/8')
  })

  test('takes from the store what another ablation, or the same one before, has trained', async () => {
    await run('once.dcr')
    const { code, stderr } = await run('once.dcr')
    expect(code).toBe(0)
    expect(stderr).not.toMatch(/ (first|second) \d+\//)
    expect(stderr.match(/is there already/g)).toHaveLength(4)
    expect(results('runs/once/2')).toEqual(results('runs/once/1'))
  })

  test('that is killed again and again ends with the table of one that is not', async () => {
    expect((await run('rates.dcr --jobs 2')).code).toBe(0)
    const undisturbed = results('runs/rates/1')
    for (const folder of ['runs', '.dcrc']) rmSync(dcrc.path('project', folder), { recursive: true })
    const events = [
      'lr=0.01/seed-1  run',
      'lr=0.01/seed-3  checkpoint',
      'lr=0.1/seed-2   evaluate',
      'lr=0.3/seed-0',
    ]
    for (const [k, event] of events.entries()) {
      const running = dcrc.start(
        ['run', 'rates.dcr', '--jobs', '2', ...(k > 0 ? ['--resume'] : [])],
        'project',
      )
      await printed(running, event)
      running.interrupt('SIGKILL')
      expect((await running.outcome).code).toBe(137)
    }
    const { code } = await run('rates.dcr --jobs 2 --resume')
    expect(code).toBe(0)
    expect(results('runs/rates/1')).toEqual(undisturbed)
  })

  test('goes on as it began, or not at all', async () => {
    const running = dcrc.start(['run', 'long.dcr'], 'project')
    await printed(running, 'first 1/100000')
    await sleep(100)
    running.interrupt()
    const stopped = await running.outcome
    expect(stopped.code).toBe(130)
    expect(stopped.stderr).toContain(
      'go on with: npx dcrc run long.dcr#long --resume --run-dir runs/long/1\n',
    )
    expect(stopped.stdout).toContain('a was stopped\nb was not begun\n')
    const text = dcrc.read('project/long.dcr')
    dcrc.write('project/long.dcr', text.replace('100_000', '100_001'))
    const other = await run('long.dcr --resume')
    expect(other.code).toBe(1)
    expect(other.stderr).toMatch(
      /error\[experiment\/changed\]: runs\/long\/1 is another ablation: compiled pipeline of `a` was /,
    )
    dcrc.write('project/long.dcr', `// what changes nothing\n${text}`)
    const same = dcrc.start(['run', 'long.dcr', '--resume'], 'project')
    await printed(same, '(resumed, from first step')
    same.interrupt('SIGKILL')
    await same.outcome
    dcrc.write('project/long.dcr', text)
  })

  test('does not go on with other data than it began with', async () => {
    dcrc.write(
      'project/read.dcr',
      `use std.nn { Linear }

pipeline read {
  param lr: float = 1e-2
  data train = table("rows.csv", columns = { x: "f32[]", y: "f32[]" }) rows 2 { x: f32[] = x, y: f32[] = y }
  model line = Linear(1, 1)
  loss error = mean((line(train.x[:, None])[:, 0] - train.y) ** 2)
  stage only { train line; minimize error; optimizer sgd(lr = lr); steps 100_000 }
}
ablation rows of read { vary lr in [1e-2, 1e-3] }
`,
    )
    dcrc.write('project/rows.csv', 'x,y\n1,2\n2,4\n3,6\n4,8\n')
    const running = dcrc.start(['run', 'read.dcr#rows'], 'project')
    await printed(running, 'only 1/100000')
    running.interrupt()
    expect((await running.outcome).code).toBe(130)
    dcrc.write('project/rows.csv', 'x,y\n1,2\n2,4\n3,6\n4,9\n')
    const other = await run('read.dcr#rows --resume')
    expect(other.code).toBe(1)
    expect(other.stderr).toMatch(
      /error\[experiment\/changed\]: runs\/rows\/1 is another ablation: what stage `only` of lr=0\.01 reads \(weights or data\) was /,
    )
    // the same bytes again are the same data
    dcrc.write('project/rows.csv', 'x,y\n1,2\n2,4\n3,6\n4,8\n')
    const same = dcrc.start(['run', 'read.dcr#rows', '--resume'], 'project')
    await printed(same, '(resumed, from only step')
    same.interrupt('SIGKILL')
    await same.outcome
  })

  test('is named where a file declares several', async () => {
    const { code, stderr } = await run('several.dcr')
    expect(code).toBe(1)
    expect(stderr).toContain('this file declares 2 ablations')
    expect(stderr).toContain('choose one: several.dcr#one, several.dcr#two')
    expect((await run('several.dcr#two --steps 1')).code).toBe(0)
    expect(existsSync(dcrc.path('project/runs/two/1/digits/eval.json'))).toBe(true)
    expect((await run('digits.dcr#none')).stderr).toContain('there is no pipeline `none` in this file')
    expect((await run('several.dcr#two --stage first')).stderr).toContain('--stage is not for an ablation')
    expect((await run('several.dcr#two --resume --run-dir elsewhere')).stderr).toContain(
      'nothing of two was begun',
    )
  })

  test('keeps what it was made of', async () => {
    await run('once.dcr --steps 1')
    const frozen = JSON.parse(readFileSync(dcrc.path('project/runs/once/1/ablation.json'), 'utf8')) as {
      sources: Record<string, string>
      steps: number
      command: string
      stages: Record<string, Record<string, string>>
      versions: Record<string, string>
    }
    expect(Object.keys(frozen.sources).sort()).toEqual(['digits.dcr', 'once.dcr'])
    expect(frozen.sources['once.dcr']).toBe(dcrc.read('project/once.dcr'))
    expect(frozen).toMatchObject({ steps: 1, command: 'npx dcrc run once.dcr#once --steps 1' })
    // the keys are those by which the store holds what was trained
    const keys = Object.values(frozen.stages).flatMap((of) => Object.values(of))
    expect(Object.keys(frozen.stages)).toEqual(['digits', 'plain'])
    const held = readdirSync(dcrc.path('project/.dcrc/stages')).filter((name) => /^[0-9a-f]{64}$/.test(name))
    expect([...new Set(keys)].sort()).toEqual(held.sort())
    expect(frozen.versions['node']).toBe(process.versions.node)
    expect(Object.values(frozen.versions)).not.toContain('')
    // what tells its rows apart, as it stands in the source
    const source = dcrc.read('project/once.dcr')
    const at = source.indexOf('variant plain')
    const line = source.slice(0, at).split('\n').length
    const text = source.slice(at, source.indexOf('}', at) + 1)
    const { variants } = JSON.parse(dcrc.read('project/runs/once/1/results.json')) as {
      variants: { variant: string; difference: unknown }[]
    }
    expect(variants.map(({ variant, difference }) => [variant, difference])).toEqual([
      ['digits', []],
      ['plain', [{ at: `once.dcr:${line}`, text, of: 'variant' }]],
    ])
    expect(dcrc.read('project/runs/once/1/results.md')).toContain(`\`\`\`dcr\n${text}\n\`\`\``)
  })

  test('chooses a value for each variant by seeds and rows of their own', async () => {
    const seeds = [100, 101]
    const { code, stdout, stderr } = await run('chosen.dcr#chosen --jobs 2')
    // a value with which runs fail is not chosen, and is told of
    expect(code).toBe(1)
    expect(stdout).toContain('select/digits,lr=1e+38/seed-100 failed: ')
    expect(stderr.match(/ second 8\/8 /g)).toHaveLength(2 * 2 * 2 + 2 * 2)
    const measured = (folder: string, of: string): number => {
      const text = dcrc.read(`project/runs/chosen/1/${folder}/eval.json`)
      const { moments } = JSON.parse(text) as {
        moments: Record<string, Record<string, Record<string, number>>>
      }
      return moments['second']?.[of]?.['loss'] ?? NaN
    }
    const choose = (variant: string): string => {
      const means = ['lr=0.001', 'lr=0.1'].map((value) => {
        const losses = seeds.map((seed) => measured(`select/${variant},${value}/seed-${seed}`, 'held'))
        return { value, mean: losses.reduce((a, b) => a + b) / 2 }
      })
      return `${variant},${means.toSorted((a, b) => a.mean - b.mean)[0]?.value}`
    }
    const rows = ['digits', 'slow'].map(choose)
    const found = results('runs/chosen/1')
    expect(found.variants.map(({ variant }) => variant)).toEqual(rows)
    expect(found.base).toBe(rows[0])
    // what chose is not among what is compared
    expect([...new Set(found.columns.map(({ evaluation }) => evaluation))]).toEqual(['unseen'])
    const loss = found.columns.findIndex(({ metric }) => metric === 'loss')
    for (const { seed, end } of found.variants[1]?.runs ?? [])
      expect(end?.[loss]).toBe(measured(`${rows[1]}/seed-${seed}`, 'unseen'))
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('lr of each row chosen by held.loss over 2 other seeds')
    const again = await run('chosen.dcr#chosen --resume')
    expect(again.stderr).not.toContain('second 8/8')
    expect((await run('chosen.dcr#chosen --seed 100')).stderr).toContain(
      '--seed 100 would compare the variants by a seed that chooses `lr`',
    )
    const plan = await dcrc.dcrc('plan chosen.dcr#chosen', 'project')
    expect(plan.stdout).toContain('runs         16: 2 variants with 2 seeds each\n')
    expect(plan.stdout).toContain(
      'select       12 of them: lr of each variant by held.loss, 3 values with 2 seeds each\n',
    )
  })

  test('is planned: how many stages there are to train, and how many are there', async () => {
    const plan = (line: string): Promise<Outcome> => dcrc.dcrc(`plan ${line}`, 'project')
    const before = await plan('rates.dcr')
    expect(before.stdout).toContain('runs         12: 3 variants with 4 seeds each\n')
    expect(before.stdout).toContain('stages       16 to train; without sharing 24\n')
    expect(before.stdout).toContain('first: 4, of 12 steps, each for 3 runs\n')
    expect(before.stdout).toContain('second: 12, of 8 steps, each for 1 run\n')
    await run('rates.dcr --seed 2')
    const after = await plan('rates.dcr')
    expect(after.stdout).toContain('stages       12 to train, 4 already there; without sharing 24\n')
    const { stages } = JSON.parse((await plan('rates.dcr --json')).stdout) as {
      stages: readonly { readonly seed: number; readonly there: boolean; readonly after: readonly string[] }[]
    }
    expect(stages.every(({ seed, there }) => there === (seed === 2))).toBe(true)
    expect(stages.filter(({ after: of }) => of.length === 0)).toHaveLength(4)
  })

  test('takes what a run of a pipeline has trained, and gives it what it has', async () => {
    const taken = ({ stderr }: Outcome): readonly string[] => stderr.match(/\w+ is there already: .*/g) ?? []
    expect(taken(await run('digits.dcr --run-dir runs/one'))).toEqual([])
    expect(taken(await run('once.dcr'))).toEqual([
      'first is there already: trained 12 steps by runs/one',
      'second is there already: trained 8 steps by runs/one',
      'first is there already: trained 12 steps by runs/one',
    ])
    const last = await run('digits.dcr --set momentum=0.0 --run-dir runs/last')
    expect(taken(last)).toEqual([
      'first is there already: trained 12 steps by runs/one',
      'second is there already: trained 8 steps by runs/once/1/plain',
    ])
    const evaluated = (folder: string): unknown => JSON.parse(dcrc.read(`project/runs/${folder}/eval.json`))
    expect(evaluated('last')).toEqual(evaluated('once/1/plain'))
    // what is to be profiled is computed
    expect(taken(await run('digits.dcr --profile --run-dir runs/profiled'))).toEqual([])
  })

  test('is not begun where it takes more than its budget', async () => {
    const plan = (line: string): Promise<Outcome> => dcrc.dcrc(`plan ${line}`, 'project')
    const told = await plan('rates.dcr --budget 1000d')
    expect(told.code).toBe(0)
    expect(told.stdout).toMatch(/\n {2}compute {6}[\d.e-]+ core-hours: .*, by some steps of each stage,/)
    const refused = await run('rates.dcr --budget 0.000001s')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(
      /error\[experiment\/budget\]: the training takes about [\d.e-]+ core-hours, and the budget is /,
    )
    expect((await dcrc.dcrc('status', 'project')).stdout).toContain('12 runs, 12 pending')
    expect((await run('once.dcr --budget soon')).stderr).toContain('Write a duration such as 20h or 90min.')
    // with all stages there, it takes nothing
    await run('once.dcr')
    expect((await run('once.dcr --budget 0.000001s')).code).toBe(0)
  })

  test('is compiled, and run as what was compiled last', async () => {
    const compiled = await dcrc.dcrc('compile once.dcr', 'project')
    expect(compiled.stdout).toMatch(/^once: 2 variants, 2 runs, .* of graphs, in compiled\/once\/cpu\n$/)
    const ran = await run('--steps 2')
    expect(ran.stderr).toContain('what was compiled last: compiled/once/cpu\n')
    expect(ran.code).toBe(0)
    expect(results('runs/once/1').variants.map(({ variant }) => variant)).toEqual(['digits', 'plain'])
    const text = dcrc.read('project/once.dcr')
    dcrc.write('project/once.dcr', text.replace('variant plain', 'variant flat'))
    const changed = await run('--steps 2')
    expect(changed.stderr).toContain(
      'once.dcr changed after compiled/once/cpu was compiled: compiling again\n',
    )
    expect(results('runs/once/2').variants.map(({ variant }) => variant)).toEqual(['digits', 'flat'])
    // a variant that is gone is gone from the folder too
    await dcrc.dcrc('compile once.dcr', 'project')
    expect(readdirSync(dcrc.path('project/compiled/once/cpu/compiled')).sort()).toEqual(['digits', 'flat'])
    dcrc.write('project/once.dcr', text)
    rmSync(dcrc.path('project/compiled'), { recursive: true })
  })

  test('tells where its runs stand, and gives its table again', async () => {
    const status = (line = ''): Promise<Outcome> => dcrc.dcrc(`status ${line}`.trim(), 'project')
    expect((await status()).stderr).toContain('error[experiment/none]: no ablation was begun in runs')
    const ran = await run('steep.dcr')
    expect((await status()).stdout).toMatch(
      /^runs\/steep\/1: 3 runs, 2 done, 1 failed\n {2}lr=0.01 {3}done\n {2}lr=1e\+38 {2}failed: stage `second`, .*\n {2}lr=0.1 {4}done\n$/,
    )
    const again = await dcrc.dcrc('report', 'project')
    expect(again.stdout).toBe(ran.stdout)
    rmSync(dcrc.path('project/runs/steep/1/report.html'))
    await dcrc.dcrc('report runs/steep/1', 'project')
    expect(existsSync(dcrc.path('project/runs/steep/1/report.html'))).toBe(true)
    const two = await dcrc.dcrc('report runs/steep/1/lr=0.01 runs/steep/1/lr=0.1 --out two.html', 'project')
    expect(two.stdout).toContain('report: two.html')
    expect((await dcrc.dcrc('report nowhere', 'project')).stderr).toContain('nowhere is no run')
  })

  test('adjusts the p-values of what it names before it runs, and of nothing else', async () => {
    const { code, stdout } = await run('primary.dcr#primary')
    expect(code).toBe(0)
    expect(stdout).toMatch(/ accuracy\* .* top k .* loss\*/)
    const found = JSON.parse(dcrc.read('project/runs/primary/1/results.json')) as {
      readonly columns: readonly { readonly metric: string }[]
      readonly variants: readonly {
        readonly variant: string
        readonly statistics: readonly {
          readonly primary: boolean
          readonly difference: { readonly p: number; readonly pHolm: number | null }
        }[]
      }[]
    }
    expect(found.variants.map(({ variant }) => variant)).toEqual(['digits', 'slow', 'plain'])
    const others = found.variants.slice(1).flatMap(({ statistics }) => statistics)
    const primary = others.filter((one) => one.primary).map(({ difference }) => difference)
    expect(primary).toHaveLength(4)
    // Holm 1979, by hand: the smallest of four times four, the largest at least that
    const [smallest = NaN, ...rest] = primary.toSorted((a, b) => a.p - b.p).map(({ p }) => p)
    const adjusted = primary.map(({ pHolm }) => pHolm ?? NaN)
    expect(Math.min(...adjusted)).toBeCloseTo(Math.min(1, 4 * smallest), 12)
    expect(Math.max(...adjusted)).toBeGreaterThanOrEqual(rest.at(-1) ?? NaN)
    expect(others.filter((one) => !one.primary).every(({ difference }) => difference.pHolm === null)).toBe(
      true,
    )
    const text = dcrc.read('project/primary.dcr')
    dcrc.write('project/wrong.dcr', text.replace('unseen.loss', 'unseen.los'))
    const wrong = await run('wrong.dcr#primary')
    expect(wrong.stderr).toContain('error[stage/unknown-metric]: `unseen` has no metric `los`')
    expect(wrong.stderr).toContain('help: did you mean `loss`?')
  })

  test('is run by two processes, each of which takes what the other has not', async () => {
    const first = dcrc.start(['run', 'rates.dcr'], 'project')
    await printed(first, 'first 1/12')
    const second = await run('rates.dcr --resume')
    const outcome = await first.outcome
    expect([outcome.code, second.code]).toEqual([0, 0])
    const done = (text: string): number => text.match(/^done$/gm)?.length ?? 0
    expect(done(outcome.stderr)).toBeGreaterThan(0)
    expect(done(second.stderr)).toBeGreaterThan(0)
    expect(done(outcome.stderr) + done(second.stderr)).toBe(12)
    const states = results('runs/rates/1').variants.flatMap(({ runs }) => runs.map(({ state }) => state))
    expect(states.every((state) => state === 'done')).toBe(true)
  })

  test('goes on by its folder alone, as it was frozen', async () => {
    const running = dcrc.start(['run', 'rates.dcr'], 'project')
    await printed(running, 'lr=0.01/seed-2')
    running.interrupt('SIGKILL')
    await running.outcome
    const { code } = await run('runs/rates/1 --resume')
    expect(code).toBe(0)
    expect(results('runs/rates/1').variants.flatMap(({ runs }) => runs)).toHaveLength(12)
    expect(existsSync(dcrc.path('project/runs/rates/2'))).toBe(false)
  })

  test('says before it runs which of its variants change nothing', async () => {
    dcrc.write(
      'project/equal.dcr',
      'use "./digits.dcr" { digits }\nablation equal of digits { variant digits {}; variant other { override param lr = 0.01 }; variant fast { override param lr = 0.1 } }\n',
    )
    const { code, stderr } = await dcrc.dcrc('plan equal.dcr', 'project')
    expect(code).toBe(0)
    expect(stderr.match(/warning\[ablation\/same\]: .*/g)).toEqual([
      'warning[ablation/same]: `other` computes the same as `digits`',
    ])
    expect(stderr).toContain('equal.dcr:2:')
  })

  test('passes over nothing that is asked for', async () => {
    expect((await run('once.dcr --profile')).stderr).toContain('--profile is not for an ablation')
    const set = await run('rates.dcr --set lr=0.5')
    expect(set.code).toBe(1)
    expect(set.stderr).toContain('error[ablation/set]: `--set` gives `lr`, which the ablation varies')
    expect((await run('once.dcr --set lr=0.5 --steps 1')).code).toBe(0)
    // the pipeline of a file goes first, and that there is more is said
    const both = await run('primary.dcr --steps 1')
    expect(both.stderr).toContain('primary.dcr declares an ablation too: primary.dcr#primary\n')
    expect(existsSync(dcrc.path('project/runs/plain'))).toBe(true)
    expect((await dcrc.dcrc('data once.dcr', 'project')).stderr).toContain('it declares ablations: once; ')
  })
})
