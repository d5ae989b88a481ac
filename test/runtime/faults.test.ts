import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import onnxProto from 'onnx-proto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { GraphSpec } from '../../src/artefact/graphs.js'
import { nowhere } from '../../src/faults/fault.js'
import { DiskFiles } from '../../src/cli/files.js'
import { readFileSync, writeFileSync as writeNamed } from '../../src/disk.js'
import { systemFault } from '../../src/faults/system-fault.js'
import { GraphFault, graphFault } from '../../src/faults/graph-fault.js'
import { isMemoryFault } from '../../src/faults/memory-fault.js'
import type { RunOptions } from '../../src/runtime/options.js'
import { Places } from '../../src/runtime/places.js'
import { runPipeline } from '../../src/runtime/run.js'
import { WorkerThread } from '../../src/runtime/thread.js'
import { fileSystemRoot } from '../../src/runtime/weights.js'
import { points, regression } from './regression.js'

/*
 * Aim: what fails for reasons of the disk, the files or the data is told with the file or the line, never as a bug of
 * dcrc, also when it happens in the worker thread.
 */

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-faults-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const options = (more: RunOptions = {}): RunOptions => ({
  root: folder,
  runDir: join(folder, 'run'),
  openDataset: async () => points(8),
  ...more,
})

async function problems(more: RunOptions = {}): Promise<readonly string[]> {
  const result = await runPipeline(regression({ steps: 2 }), options(more))
  return result.status === 'failed'
    ? result.diagnostics.map(({ code, message }) => `${code}: ${message.replaceAll(folder, '<folder>')}`)
    : [result.status]
}

test('an index outside of a table is told with the operator, its line and the shapes that it reads', async () => {
  const dims = (...sizes: number[]) => ({ dim: sizes.map((dimValue) => ({ dimValue })) })
  const model = onnxProto.onnx.ModelProto.encode({
    irVersion: 10,
    opsetImport: [{ domain: '', version: 22 }],
    graph: {
      name: 'rows',
      node: [{ opType: 'Gather', name: 'Gather_1', input: ['table', 'digit'], output: ['row'] }],
      input: [
        { name: 'table', type: { tensorType: { elemType: 1, shape: dims(5, 2) } } },
        { name: 'digit', type: { tensorType: { elemType: 7, shape: dims(1) } } },
      ],
      output: [{ name: 'row', type: { tensorType: { elemType: 1, shape: dims(1, 2) } } }],
    },
  }).finish()
  const spec: GraphSpec = {
    file: 'rows.onnx',
    inputs: [
      { name: 'table', dtype: 'f32', shape: [5, 2], role: { kind: 'prologue', key: 'table' } },
      { name: 'digit', dtype: 'i64', shape: [1], role: { kind: 'batch', data: 'd', field: 'digit' } },
    ],
    outputs: [{ name: 'row', dtype: 'f32', shape: [1, 2], role: { kind: 'result', name: 'row' } }],
    parameters: [],
    flops: 0,
    optimization: 'disabled',
    peak_bytes: 0,
  }
  const thread = new WorkerThread()
  await thread.call('openGraph', [spec, new Uint8Array(model), { target: 'cpu', root: fileSystemRoot }])
  const feeds = {
    table: { dtype: 'f32' as const, shape: [5, 2], data: new Float32Array(10) },
    digit: { dtype: 'i64' as const, shape: [1], data: BigInt64Array.of(9n) },
  }
  const error: unknown = await thread.call('runGraph', [feeds]).catch((e: unknown) => e)
  await thread.end()
  if (!(error instanceof GraphFault)) throw error

  const { manifest } = regression()
  const evaluation = {
    name: 'e',
    kind: 'test',
    reads: [],
    cases: [{ name: null, settings: {}, parts: [{ group: 'rows', data: 'd', rows: 1, graph: spec }] }],
  }
  const artefact = {
    manifest: {
      ...manifest,
      evaluations: [evaluation],
      source_map: { places: ['a.dcr:1:1', 'a.dcr:7:13'], declared: [], nodes: { 'rows.onnx': [0, 1] } },
    },
    files: new Map([['rows.onnx', new Uint8Array(model)]]),
  }
  const text = 'pipeline p {\n\n\n\n\n\n  let row = take(table, train.digit)\n}\n'
  const places = new Places('a.dcr', artefact.manifest, new Map([['a.dcr', text]]))
  const start = text.indexOf('take')
  expect(graphFault(error, artefact, (place) => places.at(place))).toMatchObject({
    code: 'run/graph-failed',
    span: { file: 'a.dcr', start, end: start + 'take'.length },
    message:
      '`Gather` of a.dcr:7:13 failed: indices element out of data bounds, idx=9 must be within the inclusive range [-5,4]',
    why: 'it reads table f32[5, 2] and digit i64[1]',
  })
})

test('an empty table of results is told, and measured again once it is removed', async () => {
  expect(await problems()).toEqual(['done'])
  for (const [text, why] of [
    ['', 'it is empty'],
    ['{"start"', 'it is not as it was written'],
    ['[1]', 'it is not as it was written'],
  ] as const) {
    writeFileSync(join(folder, 'run/eval.json'), text)
    expect(await problems({ resume: true })).toEqual([
      `run/unreadable: <folder>/run/eval.json is damaged: ${why}`,
    ])
  }
  rmSync(join(folder, 'run/eval.json'))
  expect(await problems({ resume: true })).toEqual(['done'])
})

test('a full disk is told with the file that did not fit', async () => {
  const fill = (name: string) => (event: { readonly kind: string }) => {
    if (event.kind === 'started') symlinkSync('/dev/full', join(folder, 'run', name))
  }
  expect(await problems({ onEvent: fill('metrics.jsonl') })).toEqual([
    `file/refused: no space left on device, write '<folder>/run/metrics.jsonl'`,
  ])
})

test('a folder that vanishes while the run goes on is told', async () => {
  const onEvent = ({ kind }: { readonly kind: string }): void => {
    if (kind === 'step') rmSync(join(folder, 'run'), { recursive: true, force: true })
  }
  const [problem] = await problems({ onEvent })
  expect(problem).toMatch(
    /^(run\/weights-changed: |file\/refused: no such file or directory, open) '<folder>\/run\//,
  )
})

test('what CUDA says of a device is told as such, and what it has no memory for as memory', () => {
  const told = (problem: string): readonly unknown[] => {
    const fault = new GraphFault({ file: 'fit.step.onnx', node: undefined, problem })
    const { code, message, help } = graphFault(fault, regression({ steps: 2 }), () => nowhere)
    return [code, message, help]
  }
  const failure = (number: number, text: string): string =>
    `CUDA failure ${number}: ${text} ; GPU=-1 ; hostname=h ; file=cuda_execution_provider.cc ; line=218 ; expr=f();`
  expect(told(failure(100, 'no CUDA-capable device is detected'))).toEqual([
    'target/no-device',
    'nothing runs on `cpu` here: no CUDA-capable device is detected',
    'run where there is an NVIDIA GPU: `nvidia-smi` lists them',
  ])
  expect(told(failure(35, 'CUDA driver version is insufficient for CUDA runtime version'))[2]).toBe(
    'install an NVIDIA driver for CUDA 13',
  )
  expect(isMemoryFault(new Error(failure(2, 'out of memory')))).toBe(true)
  expect(isMemoryFault(new Error(failure(20, 'another')))).toBe(false)
})

test('what the system refuses is told with the file, also of reads and writes, of which Node names none', () => {
  const thrown = (work: () => unknown): unknown => {
    try {
      return work()
    } catch (error) {
      return error
    }
  }
  const read = thrown(() => readFileSync(folder))
  expect(read).toMatchObject({ code: 'EISDIR', message: expect.stringContaining(folder) as unknown })
  const written = systemFault(thrown(() => writeNamed('/dev/full', 'x')))
  expect(written?.message).toBe("no space left on device, write '/dev/full'")
  expect(written?.span.file).toBe('/dev/full')
})

test('a source that is there and cannot be read is not called missing', () => {
  symlinkSync('loop.dcr', join(folder, 'loop.dcr'))
  const files = new DiskFiles(folder)
  expect(() => files.read('loop.dcr')).toThrow(/too many symbolic links.*loop\.dcr/)
  expect(files.read('absent.dcr')).toBeUndefined()
})

test('what the system refuses is told so that it can be mended', () => {
  const told = (message: string): string => {
    const { message: said, help } = systemFault(new Error(message)) ?? {}
    return `${said}: ${help}`
  }
  expect(told("ENOSPC: no space left on device, copyfile '/a/x' -> '/b/x'")).toContain(
    "copyfile '/b/x': make room",
  )
  expect(told("ENOENT: no such file or directory, mkdir 'runs'")).toContain('its disk is read-only')
  expect(told('ENOENT: no such file or directory, uv_cwd')).toBe(
    'the folder that dcrc was started in is gone: go to one that is there: `cd`',
  )
})
