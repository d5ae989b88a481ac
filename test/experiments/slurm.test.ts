import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Installed, type Outcome } from '../cli/installed.js'
import { SlurmCluster, until, whyNot } from './slurm-cluster.js'

/*
 * Aim: a cluster gives the table of this machine, also where its jobs are killed and put into the queue again; the job
 * files say what waits for what; bad input is refused before anything is queued.
 */

const reason = whyNot()
let dcrc: Installed
let cluster: SlurmCluster | undefined
beforeAll(() => {
  dcrc = Installed.build()
  dcrc.write('my project/package.json', '{}')
  dcrc.install('my project')
  dcrc.write(
    'my project/digits.dcr',
    `use std.losses { cross_entropy }
use std.nn { Linear }

pipeline digits {
  param lr: float = 1e-2
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
    steps 4_000
  }
  stage second {
    train reader
    minimize surprise
    optimizer sgd(lr = lr, momentum = 0.9)
    steps 8
  }
  evaluate unseen = classification(logits = scores(test.image), label = test.digit)
}
`,
  )
  // two shared stages and four runs: six nodes
  dcrc.write(
    'my project/rates.dcr',
    'use "./digits.dcr" { digits }\nablation rates of digits { vary lr in [1e-2, 1e-1]; seeds 0..2 }\n',
  )
})
afterAll(async () => {
  await cluster?.stop()
  dcrc.remove()
})

const project = 'my project'
const forget = (): void => {
  for (const folder of ['runs', '.dcrc']) rmSync(dcrc.path(project, folder), { recursive: true, force: true })
}
const results = (folder: string): unknown => {
  const { command: _command, ...rest } = JSON.parse(dcrc.read(`${project}/${folder}/results.json`)) as {
    command: string
  }
  return rest
}

test('--on script writes what sbatch takes: stages that runs share, then the runs, which wait for them', async () => {
  const { code, stdout } = await dcrc.dcrc('run rates.dcr --on script --jobs 3', project)
  expect(code).toBe(0)
  expect(stdout).toBe('6 jobs are written; `sh runs/rates/1/jobs/submit.sh` queues them\n')
  const folder = dcrc.path(project, 'runs/rates/1/jobs')
  expect(readdirSync(folder).sort()).toEqual(['0.sbatch', '1.sbatch', '2.sbatch', 'jobs.json', 'submit.sh'])
  const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8')
  const { jobs } = JSON.parse(read('jobs.json')) as { jobs: object[] }
  expect(jobs).toEqual([
    { run: 'lr=0.01/seed-0', until: 'first', after: [], needed: ['lr=0.1/seed-0'] },
    { run: 'lr=0.01/seed-1', until: 'first', after: [], needed: ['lr=0.1/seed-1'] },
    { run: 'lr=0.01/seed-0', until: null, after: [0], needed: [] },
    { run: 'lr=0.1/seed-0', until: null, after: [0], needed: [] },
    { run: 'lr=0.01/seed-1', until: null, after: [1], needed: [] },
    { run: 'lr=0.1/seed-1', until: null, after: [1], needed: [] },
  ])
  expect(read('submit.sh')).toContain('--dependency=afterok:${id0}_1 2.sbatch; ')
  expect(read('0.sbatch')).toContain('#SBATCH --array=0-1%3\n')
  expect(read('1.sbatch')).toMatch(/^exec .* "\$\(\(2 \+ SLURM_ARRAY_TASK_ID\)\)"$/m)
  forget()
})

test('what jobs ask for comes from a file, which is read before anything is written', async () => {
  const file = dcrc.path(project, 'slurm.json')
  const written = async (resources: unknown, options = ''): Promise<Outcome> => {
    writeFileSync(file, JSON.stringify(resources))
    return dcrc.dcrc(`run rates.dcr --on script${options}`, project)
  }
  await written({
    partition: 'gpu',
    memory: '32G',
    gpus: 2,
    setup: ['module load node'],
    options: ['--nice=5'],
  })
  const text = dcrc.read(`${project}/runs/rates/1/jobs/0.sbatch`)
  for (const option of ['partition=gpu', 'mem=32G', 'gres=gpu:2', 'nice=5'])
    expect(text).toContain(`#SBATCH --${option}\n`)
  expect(text).toMatch(/\nmodule load node\nexec /)
  const unknown = await written({ partitoin: 'gpu' })
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toContain('error[experiment/resources]: ')
  expect(unknown.stderr).toContain('partitoin')
  expect((await written({ partition: 'gpu\n#SBATCH --nice=0' })).stderr).toContain('write one word')
  expect((await written({}, ' --resources none.json')).stderr).toContain(
    'none.json does not say what jobs ask for: it is not there',
  )
  rmSync(file)
  const pipeline = await dcrc.dcrc('run digits.dcr --on slurm', project)
  expect(pipeline.stderr).toContain('error[experiment/one-pipeline]: --on is for ablations')
  forget()
})

test('runs that choose a value are queued first, and what is compared when they have ended', async () => {
  dcrc.write(
    'my project/chosen.dcr',
    `use "./digits.dcr" { digits }

pipeline held extends digits {
  override data test = part(all, 0%..2%) {
    image: f32[3, 8, 8] = image
    digit: i64[] = digit
  }
  data other = part(all, 2%..4%) {
    image: f32[3, 8, 8] = image
    digit: i64[] = digit
  }
  evaluate choosing = classification(logits = scores(other.image), label = other.digit)
}
ablation chosen of held {
  select lr in [1e-2, 1e-1] by choosing.loss on seeds [100]
  seeds [0]
  primary unseen.accuracy
}
`,
  )
  expect((await dcrc.dcrc('run chosen.dcr#chosen --steps 4', project)).code).toBe(0)
  const here = results('runs/chosen/1')
  forget()
  const queued = await dcrc.dcrc('run chosen.dcr#chosen --steps 4 --on script', project)
  expect(queued.stdout).toContain('the runs that are compared are queued by: npx dcrc run chosen.dcr#chosen ')
  const jobsNow = (): readonly { run: string; until: string | null }[] =>
    (JSON.parse(dcrc.read(`${project}/runs/chosen/1/jobs/jobs.json`)) as { jobs: [] }).jobs
  const work = async (): Promise<void> => {
    for (const job of jobsNow().keys())
      expect((await dcrc.dcrc(`work runs/chosen/1 ${job}`, project)).code).toBe(0)
  }
  const runs = (): readonly string[] => [...new Set(jobsNow().map(({ run }) => run))]
  expect(runs()).toEqual(['select/lr=0.01/seed-100', 'select/lr=0.1/seed-100'])
  await work()
  const [, again = ''] = /are queued by: npx dcrc (.*)/.exec(queued.stdout) ?? []
  expect((await dcrc.dcrc(again, project)).code).toBe(0)
  expect(runs()).toHaveLength(1)
  await work()
  expect(results('runs/chosen/1')).toEqual(here)
  forget()
})

test('jobs that are started one by one give the table of this machine; one that fails fails those that wait for it', async () => {
  expect((await dcrc.dcrc('run rates.dcr --steps 4', project)).code).toBe(0)
  const here = results('runs/rates/1')
  forget()
  await dcrc.dcrc('run rates.dcr --steps 4 --on script', project)
  const jobs: Outcome[] = []
  for (const job of [0, 1, 2, 3, 4, 5]) jobs.push(await dcrc.dcrc(`work runs/rates/1 ${job}`, project))
  expect(jobs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
  expect(results('runs/rates/1')).toEqual(here)
  expect(jobs.filter(({ stderr }) => stderr.includes('first 4/4'))).toHaveLength(2)
  forget()
  const steep = dcrc.read(`${project}/digits.dcr`).replace('adamw(lr = 1e-2)', 'sgd(lr = 1e38)')
  dcrc.write(`${project}/steep.dcr`, steep)
  dcrc.write(
    `${project}/fail.dcr`,
    'use "./steep.dcr" { digits }\nablation fail of digits { vary lr in [1e-2, 1e-1] }\n',
  )
  await dcrc.dcrc('run fail.dcr --steps 4 --on script', project)
  expect((await dcrc.dcrc('work runs/fail/1 0', project)).code).toBe(1)
  expect((await dcrc.dcrc('status', project)).stdout).toMatch(
    /2 runs, 2 failed\n {2}lr=0.01 {2}failed: stage `first`, .*\n {2}lr=0.1 {3}failed: stage `first`, /,
  )
  expect((await dcrc.dcrc('work runs/fail/1 7', project)).stderr).toContain('it has no job 7')
  forget()
})

test('without Slurm, --on slurm says so, and what was frozen runs here', async () => {
  const env = { ...process.env, PATH: '/nowhere' }
  const { code, stderr } = await dcrc.start(['run', 'rates.dcr', '--on', 'slurm', '--steps', '2'], project, {
    env,
  }).outcome
  expect(code).toBe(1)
  expect(stderr).toContain('error[experiment/cluster]: ')
  expect((await dcrc.dcrc('run rates.dcr --resume --steps 2', project)).code).toBe(0)
  forget()
})

test.skipIf(reason !== undefined)(
  `on a cluster an ablation of six nodes, killed and requeued, has the table of this machine${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  async () => {
    expect((await dcrc.dcrc('run rates.dcr --jobs 2', project)).code).toBe(0)
    const here = results('runs/rates/1')
    forget()
    const slurm = await SlurmCluster.start()
    cluster = slurm
    const { env } = slurm
    const on = (...args: readonly string[]): Promise<Outcome> => dcrc.start(args, project, { env }).outcome
    const logs = (): string => {
      const folder = dcrc.path(project, 'runs/rates/1/jobs')
      const names = readdirSync(folder).filter((name) => name.endsWith('.log'))
      return names.map((name) => readFileSync(`${folder}/${name}`, 'utf8')).join('')
    }
    const queued = await on('run', 'rates.dcr', '--on', 'slurm')
    expect(queued.stdout.replaceAll(/\s+/g, ' ')).toContain("6 jobs are in Slurm's queue")
    const begun = /first 1\/4000/g
    await until(() => logs().match(begun)?.length === 2)
    const [, , array = ''] = dcrc.read(`${project}/runs/rates/1/jobs/queued`).split(/\s/)
    const tell = (task: number, signal: string): string =>
      slurm.says('scancel', '--batch', `--signal=${signal}`, `${array}_${task}`)
    // both stand still until it is known which they are, however long that takes
    for (const task of [0, 1]) tell(task, 'STOP')
    // the one is killed without a word, the other is told that its time is nearly over
    const { runs } = JSON.parse((await on('status', '--json')).stdout) as { runs: { pid: number }[] }
    process.kill(runs[0]?.pid ?? NaN, 'SIGKILL')
    for (const signal of ['USR2', 'CONT']) tell(1, signal)
    const twice = await on('run', 'rates.dcr', '--resume', '--on', 'slurm')
    expect(twice.stderr).toContain('error[experiment/queued]: ')
    await until(() =>
      slurm.says('squeue', '--noheader', '--array', '--format=%F_%K %r').includes(`${array}_1 BeginTime`),
    )
    expect(logs()).toMatch(/stopped after first step \d+, which a checkpoint holds/)
    expect((await on('status')).stdout).toMatch(/4 runs, 1 lost, 1 interrupted, 2 pending\n/)
    slurm.beginNow(`${array}_1`)
    await until(() => slurm.says('squeue', '--noheader') === '')
    // the runs behind the stage that was killed were taken from the queue
    expect((await on('status')).stdout).toContain('4 runs, 1 lost, 2 done, 1 pending\n')
    const again = await on('run', 'rates.dcr', '--resume', '--on', 'slurm')
    expect(again.stdout).toContain('3 jobs')
    await until(() => slurm.says('squeue', '--noheader') === '')
    expect((await on('status')).stdout).toContain('4 runs, 4 done\n')
    expect(results('runs/rates/1')).toEqual(here)
    // each of the two shared stages was trained to its end once
    expect(logs().match(/first 4000\/4000/g)).toHaveLength(2)

    forget()
    await on('run', 'rates.dcr', '--on', 'slurm')
    // they run on this machine, and are told by Slurm alone
    await until(() => logs().match(begun)?.length === 2)
    expect((await on('cancel')).stdout).toBe('runs/rates/1: 6 told to end\n')
    await until(() => slurm.says('squeue', '--noheader') === '')
    expect(logs().match(/stopped after first step \d+, which a checkpoint holds/g)).toHaveLength(2)
  },
  600_000,
)
