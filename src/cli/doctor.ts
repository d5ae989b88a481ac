import pc from 'picocolors'
import { isatty } from 'node:tty'
import { checkFile } from '../compiler/check-file.js'
import { needs } from '../compiler/needs.js'
import { version } from '../compiler/version.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { columns, wrap } from '../diagnostics/wrap.js'
import { inspectExecutor } from '../doctor/executor.js'
import { type Finding, bad, note, ok } from '../doctor/finding.js'
import { inspectMachine } from '../doctor/machine.js'
import { inspectOnnxruntime } from '../doctor/onnxruntime.js'
import { inspectPictures } from '../doctor/pictures.js'
import { unknownTarget } from '../diagnostics/catalogue/target.js'
import { installProvider } from '../doctor/install-provider.js'
import { targets } from '../targets/registry.js'
import { sessions } from '../targets/sessions.js'
import { attempt } from './attempt.js'
import { exitCodes } from './exit-codes.js'
import { findMissing } from './missing.js'
import { weightsHelp } from './missing-report.js'
import { findTarget } from './target.js'

/** `dcrc doctor`: what this machine can run, what is missing, and what mends it. */
export async function doctor(
  name: string | undefined,
  {
    json,
    install,
    from,
  }: { readonly json: boolean; readonly install?: string | undefined; readonly from?: string | undefined },
): Promise<number> {
  const root = process.cwd()
  if (install !== undefined) await installFor(install, from)
  const findings = [
    ok('dcrc', version),
    ...inspectMachine(root),
    ...(await inspectOnnxruntime()),
    await inspectExecutor(),
    await inspectPictures(),
    ...(await inspectPipeline(name, root)),
  ]
  process.stdout.write(json ? `${JSON.stringify(findings, null, 2)}\n` : `${describe(findings)}\n`)
  return findings.some(({ state }) => state === 'bad') ? exitCodes.userError : exitCodes.done
}

/** Puts beside onnxruntime what a target needs; what then still lacks is a finding. */
async function installFor(name: string, from: string | undefined): Promise<void> {
  const installed = sessions[name]?.installed
  if (!installed) {
    // a provider goes by the name of the first target that runs on it
    const known = targets.filter(({ name, session }) => 'installed' in session && name === session.provider)
    const span = { file: '--install', start: 0, end: 0 }
    throw new UserError(unknownTarget(span, { target: name, known }))
  }
  const folder = await installProvider(installed, from)
  process.stderr.write(`${installed.title}: ${installed.files.join(', ')} are in ${folder}\n`)
}

/** What the pipeline reads from files, and whether it is there; a folder without a pipeline is no fault. */
async function inspectPipeline(name: string | undefined, root: string): Promise<readonly Finding[]> {
  const target = attempt(() => findTarget(name, root))
  if ('problem' in target) {
    if (name !== undefined) throw new UserError(target.problem)
    return [note('pipeline', `none looked at: ${target.problem.message}`, 'dcrc doctor FILE')]
  }
  const { entry } = target
  const found = checkFile(target).some(({ severity }) => severity === 'error') ? undefined : needs(target)
  if (!found) return [bad('pipeline', `${entry} has mistakes`, `npx dcrc check ${entry}`)]
  const { weights, data } = (await findMissing(found, root)) ?? { weights: [], data: [] }
  const absent = new Set([...weights.flatMap(({ models }) => models), ...data.map((d) => d.data)])
  const there = [
    ...found.models.filter((model) => model.from !== null).map((model) => model.name),
    ...found.data.map((d) => d.name),
  ].filter((each) => !absent.has(each))
  return [
    ok('pipeline', there.length === 0 ? entry : `${entry}; found the files of ${there.join(', ')}`),
    ...weights.map((w) =>
      bad('weights', `${w.models.join(', ')}: not at ${w.from.join(', ')}`, weightsHelp(w)),
    ),
    ...data.map((d) => bad('data', `${d.data.join(', ')}: ${d.problem}`, d.help)),
  ]
}

const marks = { ok: pc.green('ok'), note: pc.cyan('--'), bad: pc.red('no') } as const
const plain = { ok: 'ok', note: '--', bad: 'no' } as const

function describe(findings: readonly Finding[]): string {
  const shown = isatty(process.stdout.fd) && process.env['NO_COLOR'] === undefined ? marks : plain
  const width = Math.max(...findings.map(({ subject }) => subject.length))
  const indent = ' '.repeat(width + 5)
  return findings
    .map(({ state, subject, text, help }) => {
      const lines = wrap(`${plain[state]}  ${subject.padEnd(width)} ${text}`, columns(), indent.length)
      const marked = lines.replace(/^../, shown[state])
      return help === undefined
        ? marked
        : `${marked}\n${wrap(`${indent}help: ${help}`, columns(), indent.length + 6)}`
    })
    .join('\n')
}
