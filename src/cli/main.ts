import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { version } from '../compiler/version.js'
import { executorNames } from '../runtime/executors/names.js'
import { exitCodes } from './exit-codes.js'
import { templates } from './templates.js'

/** `name=value` pairs of a repeated `--set`. */
function collectSetting(text: string, settings: Map<string, string>): Map<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write name=value.')
  return new Map([...settings, [text.slice(0, at), text.slice(at + 1)]])
}

const wholeNumberFrom =
  (least: number) =>
  (text: string): number => {
    const value = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : NaN
    if (Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`Write a whole number of at least ${least}.`)
  }
const wholeNumber = wholeNumberFrom(0)
const positiveInt = wholeNumberFrom(1)

const share = (text: string): number => {
  const [, digits = '', percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const value = digits === '' ? NaN : Number(digits) / (percent === '%' ? 100 : 1)
  if (value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('Write a share such as 5% or 0.05.')
}

/** Hours of a duration such as `20h` or `90min`. */
const hours = (text: string): number => {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?(s|min|h|d)$/.exec(text) ?? []
  const value =
    Number(digits) *
    (new Map([
      ['s', 1 / 3600],
      ['min', 1 / 60],
      ['h', 1],
      ['d', 24],
    ]).get(unit) ?? NaN)
  if (value > 0) return value
  throw new InvalidArgumentError('Write a duration such as 20h or 90min.')
}

const pipelineFile = 'FILE or FILE#pipeline; none: the only pipeline file of this folder'
const setting = ['--set <name=value>', 'give a param of the pipeline another value (repeatable)'] as const

const target = (): Option => new Option('--target <name>', 'what to compile for (default: the processor)')

const weights = (): Option =>
  new Option(
    '--weights <how>',
    'random: make up models and data whose files are not there, to try a pipeline out',
  ).choices(['random'])

const engine = (): Option =>
  new Option(
    '--on <engine>',
    'of an ablation: local, slurm, or script, which writes the job files alone (default: local)',
  ).choices(['local', 'slurm', 'script'])
const resources = [
  '--resources <file>',
  'what jobs ask a cluster for (default: slurm.json, where it is there)',
] as const
const executor = (): Option =>
  new Option(
    '--executor <name>',
    'what runs the graphs, with equal results (default: c-api where it can be used; see `dcrc doctor`)',
  ).choices(executorNames)

const budget = (): Option =>
  new Option(
    '--budget <time>',
    'of an ablation: refuse what would take more core-hours, such as 20h',
  ).argParser(hours)

function program(done: (code: number) => void): Command {
  const dcrc = new Command('dcrc')
    .description('Compiles declarative training pipelines to plain ONNX training steps, and runs them.')
    .version(version)
    .showHelpAfterError('(dcrc --help lists the commands)')
    .exitOverride()
    // Defaults stand in the descriptions, where they tell something.
    .configureHelp({ showGlobalOptions: false, optionDescription: ({ description }) => description })

  dcrc
    .command('check')
    .description('report every mistake in the files')
    .argument('[files...]', pipelineFile)
    .option('--json', 'diagnostics as JSON, for tools', false)
    .option('--fix', 'mend what can be mended by itself: names, unused declarations', false)
    .addOption(target())
    .option(...setting, collectSetting, new Map<string, string>())
    .action(async (files, options) => done((await import('./check.js')).check(files, options)))
  dcrc
    .command('fmt')
    .description('format files in place')
    .argument('<files...>', 'files')
    .option('--check', 'only say which files are not formatted', false)
    .action(async (files, options) => done((await import('./fmt.js')).fmt(files, options)))
  dcrc
    .command('plan')
    .description('show what each stage trains and what a step costs')
    .argument('[file]', pipelineFile)
    .option('--json', 'the plan as JSON', false)
    .option('--against <file>', 'only what differs from the plan of another FILE or FILE#pipeline')
    .addOption(budget())
    .addOption(target())
    .option(...setting, collectSetting, new Map<string, string>())
    .action(async (file, options) => done(await (await import('./plan.js')).plan(file, options)))
  dcrc
    .command('compile')
    .description('write the ONNX graphs and the manifest')
    .argument('[file]', pipelineFile)
    .option('-o, --out <dir>', 'folder to write to (default: compiled/<pipeline>/<target>)')
    .option('--seed <n>', 'seed of draws, initial values and data order (default: 0)', wholeNumber)
    .addOption(weights())
    .addOption(target())
    .option(...setting, collectSetting, new Map<string, string>())
    .action(async (file, options) => done((await import('./compile.js')).compile(file, options)))
  dcrc
    .command('run')
    .description('train all stages, evaluate, export')
    .argument(
      '[file]',
      'FILE, FILE#pipeline or a compiled folder; none: what was compiled last, else the only pipeline file',
    )
    .option('--run-dir <dir>', 'the folder of the run (default: runs/<pipeline>/<time>)')
    .option('--resume', 'go on from the last checkpoint of the run folder', false)
    .option('--steps <n>', 'end each stage after n steps; schedules keep their length', positiveInt)
    .option('--stage <name>', 'run only this stage')
    .option('--profile', 'show what each line of the source takes of a step; use few --steps', false)
    .option(
      '--jobs <n>',
      'of an ablation: n runs at the same time, each with its share of the cores (default: 1)',
      positiveInt,
    )
    .addOption(engine())
    .option(...resources)
    .addOption(budget())
    .option(
      '--bad-samples <share>',
      'go on while at most so many samples are unreadable (default: 5%)',
      share,
    )
    .option(
      '--seed <n>',
      'seed of draws, initial values and data order (default: 0, or as compiled)',
      wholeNumber,
    )
    .addOption(weights())
    .addOption(executor())
    .addOption(target())
    .option(...setting, collectSetting, new Map<string, string>())
    .action(async (file, options) => done(await (await import('./run.js')).run(file, options)))
  dcrc
    .command('export')
    .description('write the exports of a run that has ended once more, without training')
    .argument('<run>', 'the folder of a run')
    .option('--steps <n>', 'as the run was told where its stages end', positiveInt)
    .action(async (folder, options) => done(await (await import('./export.js')).exportRun(folder, options)))
  dcrc
    .command('compare')
    .description('run several pipelines from the same start and write one table and report')
    .argument('<files...>', 'pipelines to compare')
    .option('--out <dir>', 'folder of the runs and the report (default: runs/compare-<n>)')
    .option('--steps <n>', 'end each stage after n steps', positiveInt)
    .option(
      '--jobs <n>',
      'run at most n pipelines at the same time, each with its share of the cores; their memory adds up (default: 1)',
      positiveInt,
    )
    .addOption(engine())
    .option(...resources)
    .addOption(budget())
    .option('--seed <n>', 'seed of draws, initial values and data order (default: 0)', wholeNumber, 0)
    .addOption(target())
    .option(...setting, collectSetting, new Map<string, string>())
    .action(async (files, options) => done(await (await import('./compare.js')).compare(files, options)))
  dcrc
    .command('status')
    .description('tell where each run of an ablation stands')
    .argument('[dir]', 'the folder of an ablation; none: the one that was begun last')
    .option('--json', 'the states as JSON', false)
    .action(async (folder, options) => done(await (await import('./status.js')).status(folder, options)))
  dcrc
    .command('cancel')
    .description('end the runs of an ablation, to be gone on with by --resume')
    .argument('[dir]', 'the folder of an ablation; none: the one that was begun last')
    .action(async (folder) => done(await (await import('./cancel.js')).cancel(folder)))
  dcrc
    .command('work', { hidden: true })
    .description('run one job of an ablation; what engines start')
    .argument('<dir>', 'the folder of an ablation')
    .argument('<job>', 'its number', wholeNumber)
    .option('--bad-samples <share>', 'as `dcrc run` has it', share)
    .addOption(executor())
    .action(async (folder, job, options) =>
      done(await (await import('./work.js')).work(folder, job, options)),
    )
  dcrc
    .command('report')
    .description('print the table and write the report of an ablation, or of runs')
    .argument('[dirs...]', 'the folder of an ablation, or of runs; none: the ablation that was begun last')
    .option('--out <file>', 'where to write the report (default: report.html, of an ablation in its folder)')
    .action(async (folders, options) => done((await import('./report.js')).report(folders, options)))
  dcrc
    .command('fetch')
    .description('fetch the weights of a model from the Hugging Face hub')
    .argument('<model>', 'org/name, org/name/folder or org/name@revision')
    .option('--revision <name>', 'a branch, tag or commit (default: main)')
    .option(
      '--subfolder <name>',
      'only this folder of the model (repeatable)',
      (name: string, names: readonly string[]) => [...names, name],
      [] as readonly string[],
    )
    .option('--to <dir>', "a folder for the files (default: the cache of Hugging Face's libraries)")
    .action(async (model, options) => done(await (await import('./fetch.js')).fetch(model, options)))
  dcrc
    .command('new')
    .description('make a folder with a first pipeline')
    .argument('<folder>', 'name of the new folder')
    .addOption(
      new Option('--template <name>', templates.map(({ name, says }) => `${name}: ${says}`).join('; '))
        .choices(templates.map(({ name }) => name))
        .default('digits'),
    )
    .action(async (folder, options) => done((await import('./new.js')).newProject(folder, options)))
  dcrc
    .command('doctor')
    .description('tell what this machine can run, what is missing, and what mends it')
    .argument(
      '[file]',
      'FILE or FILE#pipeline, whose files are looked for; none: the only pipeline file of this folder',
    )
    .option('--json', 'the findings as JSON', false)
    .option('--install <target>', 'put what a target needs beside onnxruntime: cuda')
    .option('--from <path>', 'where --install takes it from: a folder, or a wheel of onnxruntime-gpu')
    .action(async (file, options) => done(await (await import('./doctor.js')).doctor(file, options)))
  dcrc
    .command('data')
    .description('show what a data declaration holds: classes, sizes, duplicates, borders, samples')
    .argument('[file]', pipelineFile)
    .argument('[name]', 'a data declaration; none: lists them')
    .option('--limit <n>', 'look at n rows at most (default: 1000)', positiveInt, 1000)
    .option('--seed <n>', 'seed of draws and data order (default: 0)', wholeNumber, 0)
    .option('--epoch <n>', 'the rows with which this epoch of training begins (default: 0)', wholeNumber, 0)
    .option('--out <file>', 'PNG file of the first samples after transforms (default: data-NAME.png)')
    .option('--no-pictures', 'draw no samples in the terminal')
    .option('--json', 'what was seen as JSON', false)
    .option(...setting, collectSetting, new Map<string, string>())
    .action(async (file, name, options) => done(await (await import('./data.js')).data(file, name, options)))
  dcrc
    .command('lsp')
    .description('answer an editor, as a language server on standard input and output')
    // what editors add for servers that know several ways to talk
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async () => done(await (await import('./lsp.js')).lsp()))
  dcrc
    .command('explain')
    .description('explain a diagnostic')
    .argument('[code]', 'a code such as shape/mismatch; none: all codes')
    .action(async (code) => done((await import('./explain.js')).explain(code)))
  for (const command of dcrc.commands)
    command.exitOverride().showHelpAfterError(`(dcrc ${command.name()} --help lists its options)`)
  return dcrc
}

/** Runs one command line and gives its exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.done
  try {
    await program((c) => (code = c)).parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 || error.code === 'commander.help' ? exitCodes.done : exitCodes.usage
    }
    const { faultOf } = await import('../faults/fault.js')
    const fault = faultOf(error)
    if (fault) {
      const { printDiagnostics } = await import('./print.js')
      printDiagnostics([fault])
      return exitCodes.userError
    }
    const { reportBug } = await import('./bug.js')
    return reportBug(error, argv)
  }
}

// A reader that closes early (`dcrc explain | head`) is no error; a full disk behind `> file` is the user's.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done)
  process.stderr.write(`error: cannot write the output: ${error.message}\n`, () =>
    process.exit(exitCodes.userError),
  )
})
process.stderr.on('error', () => process.exit(exitCodes.userError))
void main(process.argv.slice(2)).then((code) => (process.exitCode = code))
