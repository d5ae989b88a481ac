import { define } from '../define.js'

export const noExperiment = define<{ file: string; problem: string }>(
  'experiment/file',
  'error',
  `
The folder of an ablation, or of a comparison, holds \`ablation.json\`, which says what runs in it: the variants with
the hashes of their compiled files, the values, the seeds. This one is damaged or of another version.

\`\`\`sh
dcrc run pipelines/ablations/temperature.dcr
\`\`\`
`,
  ({ file, problem }) => ({
    message: `${file} does not say what runs here: ${problem}`,
    help: 'run the ablation again, into another folder',
  }),
)

export const changedExperiment = define<{ folder: string; what: string; was: string; is: string }>(
  'experiment/changed',
  'error',
  `
An ablation goes on as it began: its variants, values, seeds and compiled pipelines are those of \`ablation.json\`, and
so are the weights and data that its stages read, and the versions of dcrc and onnxruntime. What the sources say now is
another ablation. Run it into another folder: stages that are equal are not trained again.

\`\`\`sh
dcrc run ablation.dcr              # begins anew
dcrc run ablation.dcr --resume     # goes on
\`\`\`
`,
  ({ folder, what, was, is }) => ({
    message: `${folder} is another ablation: ${what} was ${was} and is now ${is}`,
    help: 'leave out --resume: a new folder takes the stages that are equal from the store',
  }),
)

export const nothingBegun = define<{ name: string; folder: string }>(
  'experiment/nothing-begun',
  'error',
  `
\`--resume\` goes on with an ablation that was begun and not finished; there is none.

\`\`\`sh
dcrc run ablation.dcr
\`\`\`
`,
  ({ name, folder }) => ({
    message: `nothing of ${name} was begun in ${folder}`,
    help: 'leave out --resume',
  }),
)

export const noExperimentHere = define<{ folder: string }>(
  'experiment/none',
  'error',
  `
\`dcrc status\` and \`dcrc report\` are about an ablation or a comparison that was begun, by its folder; without one
they take the newest below \`runs\`.

\`\`\`sh
dcrc run ablation.dcr
dcrc status runs/temperature/1
\`\`\`
`,
  ({ folder }) => ({
    message: `no ablation was begun in ${folder}`,
    help: '`dcrc run FILE` of an ablation, or `dcrc compare A B`, begins one',
  }),
)

export const badResources = define<{ file: string; problem: string }>(
  'experiment/resources',
  'error',
  `
What the jobs of an ablation ask Slurm for stands in \`slurm.json\` of the project, or in the file that \`--resources\`
names: \`partition\`, \`account\`, \`qos\`, \`constraint\`, \`time\`, \`memory\`, \`cpus\`, \`gpus\`, \`at_most\` (jobs of an
array at the same time), \`setup\` (lines of the shell before the program) and \`options\` (further ones of sbatch). All of
them may be left out.

\`\`\`json
{ "partition": "gpu", "time": "20:00:00", "memory": "32G", "cpus": 8, "gpus": 1, "setup": ["module load node"] }
\`\`\`
`,
  ({ file, problem }) => ({
    message: `${file} does not say what jobs ask for: ${problem}`,
    help: '`dcrc explain experiment/resources` lists what it may hold',
  }),
)

export const alreadyQueued = define<{ directory: string; left: number }>(
  'experiment/queued',
  'error',
  `
The jobs of an ablation that a cluster still has in its queue are not queued a second time.

\`\`\`sh
dcrc status runs/temperature/1        # how they stand
dcrc cancel runs/temperature/1        # ends them; then --resume queues what is left
\`\`\`
`,
  ({ directory, left }) => ({
    message: `${left} ${left === 1 ? 'job' : 'jobs'} of ${directory} ${left === 1 ? 'is' : 'are'} in the queue`,
    help: `wait for them (\`npx dcrc status ${directory}\`), or end them first: \`npx dcrc cancel ${directory}\``,
  }),
)

export const clusterRefused = define<{ command: string; problem: string }>(
  'experiment/cluster',
  'error',
  `
A command of the cluster refused, or is not there: what it said stands in the message. Nothing stays queued by half.
\`--on script\` writes the same job files without queueing them.

\`\`\`sh
dcrc run ablation.dcr --on slurm      # where sbatch is
dcrc run ablation.dcr --on script     # anywhere
\`\`\`
`,
  ({ command, problem }) => ({
    message: `${command}: ${problem}`,
    help: 'run it where the cluster can be reached, mend slurm.json, or use `--on local`',
  }),
)

export const engineOfPipeline = define<{ name: string; option: string }>(
  'experiment/one-pipeline',
  'error',
  `
\`--on\`, \`--resources\` and \`--jobs\` are about the runs of an ablation. \`dcrc compare\` makes one of any pipelines, also of a single one.

\`\`\`sh
dcrc run dcr.dcr --on slurm           # wrong
dcrc compare dcr.dcr --on slurm       # right
\`\`\`
`,
  ({ name, option }) => ({
    message: `${option} is for ablations, and \`${name}\` is one pipeline`,
    help: `\`npx dcrc compare ${name} ${option} ...\` makes an ablation of it`,
  }),
)

export const overBudget = define<{ budget: number; coreHours: number | undefined }>(
  'experiment/budget',
  'error',
  `
\`--budget\` refuses an ablation whose training would take more core-hours than that: the time of each stage that is not
there yet, by some steps of it that are tried first, times the cores of this machine. Evaluations are not in it. Where no
step can be tried, because files are not there or the memory is too small, nothing is known, and it is refused too.

\`\`\`sh
dcrc plan ablation.dcr                 # what it takes
dcrc run ablation.dcr --budget 20h     # at most twenty core-hours
\`\`\`
`,
  ({ budget, coreHours }) => ({
    message:
      coreHours === undefined
        ? `what the training takes is not known, and the budget is ${hoursText(budget)}`
        : `the training takes about ${hoursText(coreHours)}, and the budget is ${hoursText(budget)}`,
    help:
      coreHours === undefined
        ? 'mend what `dcrc plan` says, or leave out --budget'
        : 'fewer seeds, values or steps make it cheaper; `dcrc plan` lists what takes how much',
  }),
)

const hoursText = (hours: number): string => `${Number(hours.toPrecision(2))} core-hours`
