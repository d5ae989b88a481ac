import { performance } from 'node:perf_hooks'
import { usePath } from '../compiler/2-resolve/program.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { carryOver } from './carry-over.js'
import { fullCheck, quickCheck } from './check.js'
import type { Workspace } from './workspace.js'

interface State {
  /** The text of the last full check, and what it found. */
  readonly text: string
  readonly full: readonly Diagnostic[]
  /** How long it took, in milliseconds. */
  readonly took: number
  readonly shown: readonly Diagnostic[]
}

/** A full check that takes no longer than this is made at every key stroke. */
const short = 30

/** The diagnostics of the open files: at once what a quick check tells, after a pause all the rest. */
export class Checks {
  private readonly states = new Map<string, State>()

  constructor(private readonly workspace: Workspace) {}

  /** Checks a file after a key stroke. Gives false where a full check is still wanted. */
  quick(path: string): boolean {
    const text = this.workspace.read(path) ?? ''
    const state = this.states.get(path) ?? { text, full: [], took: Infinity }
    if (state.took <= short) {
      this.full(path)
      return true
    }
    const quick = quickCheck(path, this.workspace)
    const kept = quick.some((d) => d.severity === 'error')
      ? []
      : carryOver(state.full, path, state.text, text)
    this.states.set(path, { ...state, shown: [...quick, ...kept] })
    return false
  }

  full(path: string): void {
    const start = performance.now()
    const full = fullCheck(path, this.workspace)
    const took = performance.now() - start
    this.states.set(path, { text: this.workspace.read(path) ?? '', full, took, shown: full })
  }

  close(path: string): void {
    this.states.delete(path)
  }

  /** What is told now of all open files together. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.states.values()].flatMap(({ shown }) => shown)
  }

  /** The open files that a change of a file can touch, that file first. */
  touchedBy(path: string): readonly string[] {
    const open = this.workspace.openFiles
    return [
      ...open.filter((f) => f === path),
      ...open.filter((f) => f !== path && this.uses(f, path, new Set())),
    ]
  }

  private uses(file: string, wanted: string, seen: Set<string>): boolean {
    if (seen.has(file)) return false
    seen.add(file)
    const used = this.workspace.tree(file)?.uses.map((use) => usePath(file, use)) ?? []
    return used.some((f) => f === wanted || this.uses(f, wanted, seen))
  }
}
