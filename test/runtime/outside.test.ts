import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Manifest } from '../../src/artefact/manifest.js'
import type { UpdateSpec } from '../../src/artefact/stages.js'
import type { UserError } from '../../src/diagnostics/diagnostic.js'
import { inside } from '../../src/inside.js'
import { runPipeline } from '../../src/runtime/run.js'
import { artefactOf, points, regression } from './regression.js'

/*
 * Aim: a compiled folder that someone else made cannot make a run write or remove anything outside of the run's folder:
 * the names in it are parts of a path, wherever they stand. Each is hashed as a compiler would, so that nothing but
 * the name is at fault.
 */

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-outside-'))
  mkdirSync(join(folder, 'a/b/c'), { recursive: true })
  mkdirSync(join(folder, 'precious-2'))
  writeFileSync(join(folder, 'precious-2/thesis.txt'), 'years')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Runs the pipeline under a manifest with other names, from a folder. */
async function outcome(change: (manifest: Manifest) => Partial<Manifest>, resume = false) {
  const { manifest, files } = regression({ steps: 2 })
  const compiled = join(folder, 'compiled')
  const changed = artefactOf(files, { ...manifest, ...change(structuredClone(manifest)) })
  mkdirSync(compiled, { recursive: true })
  writeFileSync(join(compiled, 'manifest.json'), JSON.stringify(changed.manifest))
  for (const [name, bytes] of files) if (!name.includes('/')) writeFileSync(join(compiled, name), bytes)
  return runPipeline(compiled, {
    root: folder,
    runDir: join(folder, 'a/b/c/run'),
    resume,
    openDataset: async () => points(8),
  })
}

const names = ['../../../../precious', '/tmp/dcrc-x', '..', '.', '', 'a/b', 'a\\b', 'a\0b', 'a\nb', '.hidden']

const withUpdates = (
  stages: Manifest['stages'],
  change: (update: UpdateSpec) => UpdateSpec,
): Manifest['stages'] => stages.map((stage) => ({ ...stage, updates: stage.updates.map(change) }))

const places: Readonly<Record<string, (manifest: Manifest, name: string) => Partial<Manifest>>> = {
  'the pipeline': (_, pipeline) => ({ pipeline }),
  'a stage': ({ stages }, name) => ({ stages: stages.map((stage) => ({ ...stage, name })) }),
  'a model': ({ models }, name) => ({ models: models.map((model) => ({ ...model, name })) }),
  'a trained model': ({ stages }, model) => ({
    stages: withUpdates(stages, (update) => ({
      ...update,
      trained: update.trained.map((t) => ({ ...t, model })),
    })),
  }),
  data: ({ data }, name) => ({ data: data.map((d) => ({ ...d, name })) }),
  'an export': (_, name) => ({ exports: [{ kind: 'model', name }] }),
  'a graph': ({ stages }, file) => ({
    stages: withUpdates(stages, ({ graphs, ...update }) => ({
      ...update,
      graphs: { ...graphs, step: { ...graphs.step, file: `${file}.onnx` } },
    })),
  }),
}

test.each(Object.keys(places))('%s has a name that is one part of a path', async (place) => {
  for (const name of names) {
    const result = await outcome((manifest) => places[place]?.(manifest, name) ?? {})
    expect([name, result.status]).toEqual([name, 'failed'])
    const [diagnostic] = result.status === 'failed' ? result.diagnostics : []
    expect(diagnostic).toMatchObject({
      code: 'run/artefact',
      message: expect.stringMatching(/must be (one part of a path|an \.onnx file beside the manifest)/),
    })
  }
  expect(readdirSync(folder).sort()).toEqual(['a', 'compiled', 'precious-2'])
  expect(readdirSync(join(folder, 'precious-2'))).toEqual(['thesis.txt'])
  expect(existsSync(join(folder, 'a/b/c/run'))).toBe(false)
})

test('a path is refused that leads out of its folder', () => {
  const refused = (...parts: string[]): string => {
    try {
      return inside('runs/a', ...parts)
    } catch (error) {
      return (error as UserError).diagnostic.code
    }
  }
  expect(refused('checkpoints', 'first-2')).toBe(join('runs/a', 'checkpoints', 'first-2'))
  expect(refused('..b')).toBe(join('runs/a', '..b'))
  for (const parts of [['..'], ['checkpoints', '../../b'], ['a', '..', '..', 'b'], ['a\0b']])
    expect(refused(...parts)).toBe('file/outside')
})
