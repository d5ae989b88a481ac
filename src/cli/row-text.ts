import type { DataPart, DataSpec, HostExpression, RowPlan } from '../artefact/data.js'
import type { Json, Settings } from '../artefact/json.js'

/** The rows of a declaration as they are written. */
export function rowsText({ parts, weights }: Pick<DataSpec, 'parts' | 'weights'>): string {
  const [only] = parts
  if (only && parts.length === 1) return planText(only)
  const groups = weights.map((_, group) => parts.filter((part) => part.group === group))
  const texts = groups.map((group) => group.map(planText).join(', '))
  if (texts.length === 1) return `mix([${texts.join(', ')}])`
  const each = groups.map((group, k) => (group.length > 1 ? `mix([${texts[k] ?? ''}])` : (texts[k] ?? '')))
  return `mix([${each.join(', ')}], weights = [${weights.join(', ')}])`
}

function planText({ rows }: Pick<DataPart, 'rows'>): string {
  const text = (plan: RowPlan): string => {
    switch (plan.kind) {
      case 'source':
        return callText(plan.source, plan.arguments)
      case 'limit':
        return `limit(${text(plan.of)}, ${plan.count})`
      case 'where':
        return `where(${text(plan.of)}, ${expressionText(plan.condition)})`
      case 'part': {
        const by = plan.by ? `, by = ${expressionText(plan.by)}` : ''
        const seed = plan.seed === 0 ? '' : `, seed = ${plan.seed}`
        return `part(${text(plan.of)}, ${percent(plan.from)}..${percent(plan.to)}${by}${seed})`
      }
    }
  }
  return text(rows)
}

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
