import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { compile } from '../../src/compiler/index.js'
import { type RunOptions, type RunResult, runPipeline } from '../../src/runtime/run.js'
import { DiskFiles } from '../../src/cli/files.js'

/** A folder with a pipeline and its data, gone after the test. */
export class Project {
  readonly root = mkdtempSync(join(tmpdir(), 'data-'))

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), content)
  }

  path(name: string): string {
    return join(this.root, name)
  }

  compile(pipeline: string) {
    this.write('main.dcr', pipeline)
    return compile({ entry: 'main.dcr', files: new DiskFiles(this.root), settings: new Map(), seed: 0 })
  }

  async run(pipeline: string, options: RunOptions = {}): Promise<RunResult> {
    const { artefact, diagnostics } = this.compile(pipeline)
    if (!artefact) throw new Error(diagnostics.map(({ message, help }) => `${message}: ${help}`).join('\n'))
    return runPipeline(artefact, { root: this.root, runDir: this.path('run'), ...options })
  }

  remove(): void {
    rmSync(this.root, { recursive: true })
  }
}

/** A PNG of one colour with a square of another. */
export function png(
  colour: { r: number; g: number; b: number },
  width = 20,
  height = 16,
  at = 4,
): Promise<Buffer> {
  const square = { create: { width: 6, height: 6, channels: 3 as const, background: '#101010' } }
  return sharp({ create: { width, height, channels: 3, background: colour } })
    .composite([{ input: square, left: at, top: at }])
    .png()
    .toBuffer()
}
