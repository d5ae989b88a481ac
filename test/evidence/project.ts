import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DiskFiles } from '../../src/cli/files.js'
import type { Artefact, Manifest } from '../../src/artefact/manifest.js'
import { compile } from '../../src/compiler/index.js'
import { drawKey, normal } from '../../src/runtime/draws.js'
import { initialValues } from '../../src/runtime/initialize.js'
import { writeSafetensors } from '../../src/weights/safetensors.js'

export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** Where the pipelines of the quickstart lie, from the root of a project. */
export const quickstart = 'pipelines/quickstart'

/**
 * A folder like a clone of the repository: its pipelines and packages (and drawn pictures, which take long). In place
 * of the trained base weights stand random ones, so that a test depends on no training.
 */
export class Project {
  private constructor(readonly root: string) {}

  static async create(): Promise<Project> {
    const project = new Project(mkdtempSync(join(tmpdir(), 'dcrc-evidence-')))
    mkdirSync(join(repository, '.cache'), { recursive: true })
    for (const shared of ['node_modules', '.cache', 'package.json'])
      symlinkSync(join(repository, shared), join(project.root, shared))
    cpSync(join(repository, quickstart), join(project.root, quickstart), {
      recursive: true,
      filter: (source) => !source.endsWith('.safetensors'),
    })
    const { manifest } = project.compile(`${quickstart}/quickstart.dcr`)
    for (const model of manifest.models)
      if (model.from !== null) await writeRandom(model, join(project.root, model.from))
    return project
  }

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts)
  }

  write(path: string, text: string): void {
    writeFileSync(this.path(path), text)
  }

  /** Compiles a file, `FILE` or `FILE#pipeline`; a diagnostic fails the test with its words. */
  compile(name: string, settings: Readonly<Record<string, string>> = {}): Artefact {
    const [entry = '', pipeline] = name.split('#')
    const { artefact, diagnostics } = compile({
      entry,
      ...(pipeline === undefined ? {} : { pipeline }),
      files: new DiskFiles(this.root),
      settings: new Map(Object.entries(settings)),
    })
    if (!artefact) throw new Error(diagnostics.map((d) => `${d.code}: ${d.message}`).join('\n'))
    return artefact
  }

  /** Compiles a text that stands among the quickstart's files. */
  compileText(text: string, settings: Readonly<Record<string, string>> = {}): Artefact {
    this.write(`${quickstart}/test.dcr`, text)
    return this.compile(`${quickstart}/test.dcr`, settings)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/**
 * Values as a model starts with, and noise on all of them: at their start biases are 0 and scales 1, where a mistake
 * in a gradient could hide.
 */
async function writeRandom(model: Manifest['models'][number], file: string): Promise<void> {
  mkdirSync(join(file, '..'), { recursive: true })
  await writeSafetensors(
    file,
    model.parameters.map(({ path, dtype, shape, init }) => {
      const content = initialValues(init, shape, { seed: 1, model: model.name, path })
      const noise = new Float32Array(content.length)
      const key = drawKey('evidence', model.name, path)
      normal(noise, shape, { key, step: 0, micro: 0 }, 0, spread)
      noise.forEach((v, i) => (content[i] = (content[i] ?? 0) + v))
      return { name: path, dtype, shape, content }
    }),
    { format: 'pt' },
  )
}

const spread = 0.05
