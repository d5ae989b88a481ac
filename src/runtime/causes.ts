import type { DataInvalid, DataMissing } from './sources/dataset.js'

/** Why files of data cannot be read. */
export interface Cause {
  /** The declarations that it concerns. */
  readonly data: readonly string[]
  readonly problem: string
  readonly help: string
}

/** The causes of some errors: a folder that several declarations take is told once. */
export function causesOf(
  errors: readonly { readonly data: string; readonly error: DataMissing | DataInvalid }[],
): readonly Cause[] {
  const causes = new Map<string, Cause>()
  for (const { data, error } of errors) {
    const { message: problem, help } = error
    const key = `${problem}\n${help}`
    causes.set(key, { data: [...(causes.get(key)?.data ?? []), data], problem, help })
  }
  return [...causes.values()]
}
