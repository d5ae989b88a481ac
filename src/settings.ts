import type { Json, Settings } from './artefact/json.js'

/** Typed access to the static settings of a plug-in. */
export interface SettingReader {
  number(name: string): number
  string(name: string): string
  strings(name: string): readonly string[]
  numbers(name: string): readonly number[]
  bool(name: string): boolean
  /** Of a picture: a number stands for both. */
  size(name: string): readonly [height: number, width: number]
  json(name: string): Json | undefined
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
    bool(name) {
      const found = value(name)
      return typeof found === 'boolean' ? found : wrong(name, 'bool')
    },
    size(name) {
      const found = value(name)
      if (typeof found === 'number') return [found, found]
      const [height, width] = isList(found) ? found : []
      return typeof height === 'number' && typeof width === 'number' ? [height, width] : wrong(name, 'size')
    },
    json: value,
  }
}

/** `Array.isArray` does not narrow readonly arrays. */
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
