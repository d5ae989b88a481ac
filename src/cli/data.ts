import type { DataSpec } from '../artefact/data.js'
import { analyze } from '../compiler/analyze.js'
import { needs } from '../compiler/needs.js'
import { emptyData, missingData, unknownData } from '../diagnostics/catalogue/run-data.js'
import { type Diagnostic, UserError } from '../diagnostics/diagnostic.js'
import { closest } from '../diagnostics/suggest.js'
import { columns, wrap } from '../diagnostics/wrap.js'
import { describeLook } from '../look/describe.js'
import { lengthOf } from '../look/epoch.js'
import { look } from '../look/look.js'
import { withoutAbsent } from '../look/present.js'
import { type Subject, subjectOf } from '../look/subject.js'
import { isPictureField } from '../look/tile.js'
import { type OpenData, openData } from '../runtime/fields.js'
import { isEmpty, openSource, shareSources } from '../runtime/open-data.js'
import type { OpenDataset } from '../runtime/rows/open-rows.js'
import { causesOf } from '../runtime/causes.js'
import { DataInvalid, DataMissing } from '../runtime/sources/dataset.js'
import { type Tiles, mostTiles, terminalGrid, writeGrid } from './data-grid.js'
import { exitCodes } from './exit-codes.js'
import { printDiagnostics } from './print.js'
import { rowsText } from './row-text.js'
import { findTarget } from './target.js'

export interface DataOptions {
  readonly limit: number
  readonly seed: number
  readonly epoch: number
  readonly out?: string
  readonly pictures: boolean
  readonly json: boolean
  readonly set: ReadonlyMap<string, string>
}

/** `dcrc data`: what a data declaration holds, before anything is trained on it. */
export async function data(
  file: string | undefined,
  name: string | undefined,
  options: DataOptions,
): Promise<number> {
  const target = findTarget(file)
  const request = { ...target, settings: options.set }
  const found = needs(request)
  if (!found) {
    printDiagnostics(analyze(request).diagnostics, target.files.texts)
    return exitCodes.userError
  }
  const subject = (spec: DataSpec): Subject => subjectOf(spec, found.floats.get(spec.name))
  const place: Place = { file: target.entry, root: target.files.root, open: shareSources(openSource) }
  if (name === undefined) return list(found.data.map(subject), place, options)
  const spec = found.data.find((d) => d.name === name)
  if (!spec) {
    const declared = found.data.map((d) => d.name)
    throw new UserError(unknownData(at(place.file), { name, suggestion: closest(name, declared), declared }))
  }
  return show(subject(spec), place, options)
}

interface Place {
  readonly file: string
  readonly root: string
  readonly open: OpenDataset
}

const at = (file: string) => ({ file, start: 0, end: 0 })

interface Unreadable {
  readonly data: string
  readonly error: DataMissing | DataInvalid
}

/** Opens a declaration, or gives what is wrong with its files. */
async function opened(
  subject: Subject,
  { file, root, open }: Place,
): Promise<OpenData | Unreadable | Diagnostic> {
  const { name, parts } = subject.spec
  try {
    const found = await openData(subject.spec, root, open)
    if (!(await isEmpty(found.rows))) return found
    return emptyData(at(file), { data: name, chosen: parts.some(({ rows }) => rows.kind !== 'source') })
  } catch (error) {
    if (!(error instanceof DataMissing || error instanceof DataInvalid)) throw error
    return { data: name, error }
  }
}

const isOpen = (found: OpenData | Unreadable | Diagnostic): found is OpenData => 'rows' in found

/** What is wrong with declarations; a folder that several take is told once. */
const problemsOf = (found: readonly (Unreadable | Diagnostic)[], file: string): readonly Diagnostic[] => [
  ...found.flatMap((problem) => ('error' in problem ? [] : [problem])),
  ...causesOf(found.flatMap((problem) => ('error' in problem ? [problem] : []))).map((cause) =>
    missingData(at(file), cause),
  ),
]

/** How many rows a declaration has; null where a stream is among them. */
function countOf({ rows }: OpenData): number | null {
  const lengths = rows.groups.map(lengthOf)
  return lengths.includes(undefined) ? null : lengths.reduce<number>((sum, n = 0) => sum + n, 0)
}

const countText = (rows: number | null): string => (rows === null ? 'a stream' : rows.toLocaleString('en'))
const fieldsText = ({ fields }: Subject): string => fields.map((f) => `${f.name}: ${f.type}`).join(', ')

/** The declarations of a pipeline, those whose files are missing too. */
async function list(subjects: readonly Subject[], place: Place, { json }: DataOptions): Promise<number> {
  const problems: (Unreadable | Diagnostic)[] = []
  const listed: { name: string; source: string; rows: number | null; fields: Subject['fields'] }[] = []
  for (const subject of subjects) {
    const { spec } = subject
    const found = await opened(subject, place)
    const source = rowsText(spec, false)
    if (!isOpen(found)) problems.push(found)
    const rows = isOpen(found) ? countOf(found) : null
    const text = isOpen(found) ? countText(rows) : 'none found'
    if (json) listed.push({ name: spec.name, source, rows, fields: subject.fields })
    else
      writeLines(spec.name, [
        ['from', source],
        ['rows', text],
        ['fields', fieldsText(subject)],
      ])
  }
  if (json) process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`)
  else if (subjects.length === 0) process.stdout.write('the pipeline declares no data\n')
  printDiagnostics(problemsOf(problems, place.file))
  return problems.length > 0 ? exitCodes.userError : exitCodes.done
}

async function show(declared: Subject, place: Place, options: DataOptions): Promise<number> {
  const { seed, epoch, limit, json } = options
  const found = await opened(declared, place)
  if (!isOpen(found)) {
    printDiagnostics(problemsOf([found], place.file))
    return exitCodes.userError
  }
  const subject = await withoutAbsent(declared, found.rows)
  const { spec } = subject
  const seen = await look(found, subject, { seed, epoch, limit, tiles: mostTiles })
  const pictures: Tiles = { tiles: seen.tiles, perSample: spec.fields.filter(isPictureField).length }
  const file = seen.tiles.length > 0 ? (options.out ?? `data-${spec.name}.png`) : undefined
  if (file !== undefined) writeGrid(pictures, file)
  const rows = countOf(found)
  if (json) {
    const { tiles: _, ...rest } = seen
    const about = {
      data: spec.name,
      source: rowsText(spec, false),
      rows,
      fields: subject.fields,
      seed,
      epoch,
    }
    process.stdout.write(`${JSON.stringify({ ...about, ...rest, grid: file ?? null }, null, 2)}\n`)
    return exitCodes.done
  }
  writeLines(spec.name, [
    ['from', rowsText(spec, false)],
    [
      'rows',
      `${countText(rows)}; looked at ${seen.looked.toLocaleString('en')}, with which epoch ${epoch} of seed ${seed} begins`,
    ],
    ['fields', fieldsText(subject)],
    ...describeLook(seen),
    ...(file === undefined ? [] : [['grid', file] as const]),
  ])
  if (options.pictures) process.stdout.write(terminalGrid(pictures))
  return exitCodes.done
}

function writeLines(title: string, lines: readonly (readonly [label: string, text: string])[]): void {
  const width = Math.max(...lines.map(([label]) => label.length))
  const texts = lines.map(([label, text]) => wrap(`  ${label.padEnd(width)}  ${text}`, columns(), width + 4))
  process.stdout.write(`data ${title}\n${texts.join('\n')}\n`)
}
