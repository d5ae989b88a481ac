import type { DiagnosticKind } from '../define.js'
import { files } from './all.generated.js'

/** Any kind of diagnostic, whatever its parameters. */
export type AnyKind = DiagnosticKind<never>

/** Every kind of diagnostic there is, by its code, in alphabetical order. */
export const kinds: ReadonlyMap<string, AnyKind> = new Map(
  files
    .flatMap((file) => Object.values(file).filter(isKind))
    .sort((a, b) => (a.code < b.code ? -1 : 1))
    .map((kind) => [kind.code, kind]),
)

function isKind(value: unknown): value is AnyKind {
  return typeof value === 'function' && 'code' in value && 'page' in value
}
