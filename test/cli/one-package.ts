import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder for the package that `Installed.build` makes, one for all tests of a run. */
    readonly package: string
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-cli-'))
  project.provide('package', folder)
  return () => rmSync(folder, { recursive: true, force: true })
}
