import type { DataPart, DataSpec, HostExpression, RowPlan } from '../artefact/data.js'
import type { Json, Settings } from '../artefact/json.js'
import { canonical } from '../json/canonical.js'
import { findSource } from '../sources/registry.js'

/** The rows of a declaration as they are written; with settings that nobody has given where `defaults` are asked for. */
export function rowsText({ parts, weights }: Pick<DataSpec, 'parts' | 'weights'>, defaults = true): string {
  const planText = (part: Pick<DataPart, 'rows'>): string => textOf(part.rows, defaults)
  const [only] = parts
  if (only && parts.length === 1) return planText(only)
  const groups = weights.map((_, group) => parts.filter((part) => part.group === group))
  const texts = groups.map((group) => group.map(planText).join(', '))
  if (texts.length === 1) return `mix([${texts.join(', ')}])`
  const each = groups.map((group, k) => (group.length > 1 ? `mix([${texts[k] ?? ''}])` : (texts[k] ?? '')))
  return `mix([${each.join(', ')}], weights = [${weights.join(', ')}])`
}

function textOf(plan: RowPlan, defaults: boolean): string {
  const of = (inner: RowPlan): string => textOf(inner, defaults)
  switch (plan.kind) {
    case 'source':
      return callText(plan.source, defaults ? plan.arguments : given(plan.source, plan.arguments))
    case 'limit':
      return `limit(${of(plan.of)}, ${plan.count})`
    case 'where':
      return `where(${of(plan.of)}, ${expressionText(plan.condition)})`
    case 'pairs':
      return `pairs(${of(plan.of)}${seedText(plan.seed)})`
    case 'part': {
      const by = plan.by ? `, by = ${expressionText(plan.by)}` : ''
      const range = `${percent(plan.from)}..${percent(plan.to)}`
      return `part(${of(plan.of)}, ${range}${by}${seedText(plan.seed)})`
    }
  }
}

const seedText = (seed: number): string => (seed === 0 ? '' : `, seed = ${seed}`)

const percent = (share: number): string => `${Number((share * 100).toFixed(6))}%`

function expressionText(e: HostExpression): string {
  switch (e.kind) {
    case 'column':
    case 'let':
      return e.name
    case 'literal':
      return valueText(e.value)
    case 'call': {
      const given = Object.entries(e.arguments).map(([name, value]) => `${name} = ${expressionText(value)}`)
      return `${e.function}(${given.join(', ')})`
    }
    case 'operation': {
      const [a, b] = e.operands.map((o) =>
        o.kind === 'operation' ? `(${expressionText(o)})` : expressionText(o),
      )
      return b === undefined ? `${e.operator} ${a ?? ''}` : `${a ?? ''} ${e.operator} ${b}`
    }
  }
}

export const callText = (name: string, settings: Settings): string =>
  `${name}(${Object.entries(settings)
    .map(([key, value]) => `${key} = ${valueText(value)}`)
    .join(', ')})`

/** Without what is as it would be without a word. */
const given = (name: string, settings: Settings): Settings =>
  Object.fromEntries(
    Object.entries(settings).filter(([key, value]) => {
      const parameter = findSource(name)?.parameters.find((p) => p.name === key)
      return parameter?.default === undefined || canonical(parameter.default) !== canonical(value)
    }),
  )

/** A setting as it is written. */
export const valueText = (value: Json): string =>
  value === null
    ? 'none'
    : Array.isArray(value)
      ? `[${value.map(valueText).join(', ')}]`
      : typeof value === 'object'
        ? `{ ${Object.entries(value)
            .map(([key, v]) => `${key}: ${valueText(v)}`)
            .join(', ')} }`
        : JSON.stringify(value)
