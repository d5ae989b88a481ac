import type { Optimizer, OptimizerSettings } from './optimizer.js'

/** A setting that is a number; the checker has made sure that it is there. */
export function number(settings: OptimizerSettings, name: string): number {
  const value = settings[name]
  if (typeof value !== 'number') throw new Error(`optimizer setting ${name} is not a number`)
  return value
}

/** A setting that is a pair of numbers. */
export function pair(settings: OptimizerSettings, name: string): readonly [number, number] {
  const value = settings[name]
  const [first, second] = Array.isArray(value) ? (value as readonly number[]) : []
  if (first === undefined || second === undefined) throw new Error(`optimizer setting ${name} is not a pair`)
  return [first, second]
}

/** The settings of a manifest or a lowered stage, completed by the optimizer's defaults. */
export function completeSettings(
  optimizer: Optimizer,
  given: Readonly<Record<string, unknown>>,
): OptimizerSettings {
  const complete: Record<string, number | readonly number[]> = {}
  for (const { name, kind, default: otherwise } of optimizer.parameters) {
    const value = given[name] ?? otherwise
    if (kind === 'float' && typeof value === 'number') complete[name] = value
    else if (kind === 'pair' && Array.isArray(value)) complete[name] = value as readonly number[]
    else throw new Error(`${optimizer.name}: the setting ${name} is missing or no ${kind}`)
  }
  return complete
}
