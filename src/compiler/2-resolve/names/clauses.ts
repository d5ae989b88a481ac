import type { ParameterPath, StageEntry, TrainGroup } from '../../1-parse/syntax.js'
import { followPlugin } from './calls.js'
import { followBody, followValue } from './expressions.js'
import type { Follower } from './follower.js'

/** What stands in a stage or an update, whose scope it is. */
export function followClause<S>(f: Follower<S>, clause: StageEntry, scope: S): void {
  switch (clause.kind) {
    case 'update': {
      f.part?.(scope, clause.name)
      const inner = f.inner(scope, { kind: 'item', node: clause })
      return clause.clauses.forEach((own) => followClause(f, own, inner))
    }
    case 'remove':
      return f.part?.(scope, clause.name)
    case 'train':
      return clause.groups.forEach((group) => followGroup(f, group, scope))
    case 'freeze':
      return clause.paths.forEach((path) => followPath(f, path, scope))
    case 'monitor':
      f.part?.(scope, clause.name)
      if (clause.every) followValue(f, clause.every, scope)
      return followBody(f, clause.value, scope, 'clause')
    case 'keep':
      if (clause.best) f.use(scope, clause.best.evaluation, 'declaration')
      return clause.last && followValue(f, clause.last, scope)
    case 'stop':
      f.use(scope, clause.metric.evaluation, 'declaration')
      return followValue(f, clause.stalls, scope)
    case 'guard':
      followValue(f, clause.above, scope)
      return followValue(f, clause.steps, scope)
    case 'clause': {
      const { name, value } = clause
      const plugin = name.text === 'optimizer' || name.text === 'schedule'
      return plugin ? followPlugin(f, value, scope) : followBody(f, value, scope, 'clause')
    }
    case 'allow':
  }
}

function followGroup<S>(f: Follower<S>, { path, except, where, settings }: TrainGroup, scope: S): void {
  for (const one of [path, ...except]) followPath(f, one, scope)
  for (const c of where) followValue(f, c.kind === 'kind' ? c.modules : c.value, scope)
  for (const { value } of settings) followValue(f, value, scope)
}

function followPath<S>(f: Follower<S>, path: ParameterPath, scope: S): void {
  f.use(scope, path.root, 'value')
  f.path?.(scope, path)
  for (const s of path.segments) if (s.kind === 'index') followValue(f, s.index, scope)
}
