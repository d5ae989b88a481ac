import { patternNames } from '../../1-parse/pattern-names.js'
import type { DataItem, EvaluateItem, PipelineItem } from '../../1-parse/syntax.js'
import { visitRows } from '../row-expressions.js'
import { followClause } from './clauses.js'
import { followColumns, followInitial, followPlugin } from './calls.js'
import { followBody, followFunction, followType, followValue } from './expressions.js'
import type { Follower } from './follower.js'

/** An item of a pipeline, whose scope it is. */
export function followItem<S>(f: Follower<S>, item: PipelineItem, scope: S): void {
  switch (item.kind) {
    case 'export':
      return item.models.forEach((model) => f.use(scope, model, 'declaration'))
    case 'allow':
      return
    case 'next':
      f.use(scope, item.name, 'value')
      return followBody(f, item.value, scope, 'value')
    case 'let':
      for (const name of patternNames(item.pattern)) f.part?.(scope, name)
      return followBody(f, item.value, scope, 'value')
  }
  f.part?.(scope, item.name)
  switch (item.kind) {
    case 'remove':
      return
    case 'fn':
      return followFunction(f, item, scope)
    case 'param':
      if (item.type) followType(f, item.type, scope)
      return followBody(f, item.value, scope, 'value')
    case 'loss':
      return followBody(f, item.value, scope, 'value')
    case 'model':
      if (item.from) followValue(f, item.from, scope)
      return followValue(f, item.value, scope)
    case 'state':
      if (item.type) followType(f, item.type, scope)
      // `copy` is no name of the file
      return item.type ? followInitial(f, item.value, scope) : followPlugin(f, item.value, scope)
    case 'adapter':
      if (item.from) followValue(f, item.from, scope)
      return followPlugin(f, item.value, scope)
    case 'evaluate':
      return followEvaluation(f, item, scope)
    case 'data':
      return followData(f, item, scope)
    case 'stage': {
      const inner = f.inner(scope, { kind: 'item', node: item })
      return item.clauses.forEach((clause) => followClause(f, clause, inner))
    }
  }
}

function followEvaluation<S>(f: Follower<S>, { value, over, every, span }: EvaluateItem, scope: S): void {
  if (every) followValue(f, every.count, scope)
  if (!over) return followPlugin(f, value, scope)
  followValue(f, over.values, scope)
  const inner = f.inner(scope, { kind: 'binder', span })
  f.bind(inner, { kind: 'local', name: over.name, value: over.values, each: true, whole: true })
  f.bound?.(inner, over.name)
  followPlugin(f, value, inner)
}

function followData<S>(f: Follower<S>, item: DataItem, scope: S): void {
  const { source, rows, lets, fields } = item
  if (source)
    visitRows(source, {
      data: ({ name, span }) => f.use(scope, { text: name, span }, 'data'),
      columns: (e) => followColumns(f, e, scope),
      value: (e) => followValue(f, e, scope),
    })
  if (rows) followValue(f, rows, scope)
  const inner = f.inner(scope, { kind: 'item', node: item })
  const ofRow = (value: DataItem['fields'][number]['value']): void =>
    value.kind === 'name'
      ? f.use(inner, { text: value.name, span: value.span }, 'row')
      : followColumns(f, value, inner)
  for (const { name, value } of lets) {
    ofRow(value)
    f.bind(inner, { kind: 'local', name, whole: true })
    f.bound?.(inner, name)
  }
  for (const { name, type, value } of fields) {
    f.part?.(inner, name)
    followType(f, type, scope)
    ofRow(value)
  }
}
