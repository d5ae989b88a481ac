import type { Json, Settings } from './artefact/json.js'

/** Typed access to the static settings of a plug-in. */
export interface SettingReader {
  number(name: string): number
  string(name: string): string
  strings(name: string): readonly string[]
  numbers(name: string): readonly number[]
}

/**
 * Reads the settings of a plug-in with their defaults. The compiler has checked them against the parameters that the
 * plug-in declares, so a wrong type here is our bug.
 */
export function readSettings(
  settings: Settings,
  parameters: readonly { readonly name: string; readonly default?: Json }[],
): SettingReader {
  const value = (name: string): Json | undefined =>
    settings[name] ?? parameters.find((parameter) => parameter.name === name)?.default
  const wrong = (name: string, kind: string): never => {
    throw new Error(`setting ${name} is no ${kind}: ${JSON.stringify(value(name))}`)
  }
  return {
    number(name) {
      const found = value(name)
      return typeof found === 'number' ? found : wrong(name, 'number')
    },
    string(name) {
      const found = value(name)
      return typeof found === 'string' ? found : wrong(name, 'string')
    },
    strings(name) {
      const found = value(name)
      return isList(found) && found.every((v) => typeof v === 'string')
        ? found
        : wrong(name, 'list of strings')
    },
    numbers(name) {
      const found = value(name)
      return isList(found) && found.every((v) => typeof v === 'number')
        ? found
        : wrong(name, 'list of numbers')
    },
  }
}

/** `Array.isArray` does not narrow readonly arrays. */
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
