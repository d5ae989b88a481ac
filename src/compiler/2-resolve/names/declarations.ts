import type {
  AblationDeclaration,
  Declaration,
  ModuleDeclaration,
  RecordDeclaration,
  SeedsEntry,
  SelectEntry,
  VaryEntry,
} from '../../1-parse/syntax.js'
import { patternNames } from '../../1-parse/pattern-names.js'
import { followInitial } from './calls.js'
import {
  followBody,
  followExpression,
  followFunction,
  followParameters,
  followType,
  followValue,
} from './expressions.js'
import type { Follower } from './follower.js'
import { followItem } from './items.js'

/** A declaration of a file, whose scope it is. */
export function followDeclaration<S>(f: Follower<S>, d: Declaration, scope: S): void {
  if (d.kind === 'let') {
    for (const name of patternNames(d.pattern)) f.bound?.(scope, name)
    return followBody(f, d.value, scope, 'clause')
  }
  f.bound?.(scope, d.name)
  switch (d.kind) {
    case 'fn':
      return followFunction(f, d, scope)
    case 'record':
      return followRecord(f, d, scope)
    case 'module':
      return followModule(f, d, scope)
    case 'pipeline': {
      if (d.extends) f.use(scope, d.extends, 'declaration')
      const inner = f.inner(scope, { kind: 'declaration', node: d })
      return d.items.forEach((item) => followItem(f, item, inner))
    }
    case 'ablation':
      return followAblation(f, d, scope)
  }
}

function followRecord<S>(f: Follower<S>, record: RecordDeclaration, scope: S): void {
  const inner = f.inner(scope, { kind: 'declaration', node: record })
  followParameters(f, record.fields, inner)
  for (const rule of record.rules) followExpression(f, rule.kind === 'fixed' ? rule.values : rule.keys, inner)
}

function followModule<S>(f: Follower<S>, module: ModuleDeclaration, scope: S): void {
  followParameters(f, module.parameters, f.inner(scope, { kind: 'parameters', node: module }))
  const inner = f.inner(scope, { kind: 'declaration', node: module })
  for (const m of module.members) {
    f.part?.(inner, m.name)
    if (m.kind === 'fn') {
      followFunction(f, m, inner)
      continue
    }
    if (m.kind === 'field') followExpression(f, m.value, inner)
    else {
      followType(f, m.type, inner)
      followInitial(f, m.init, inner)
    }
    if (m.condition) followExpression(f, m.condition, inner)
  }
}

/** A variant is read as a pipeline that extends the one of the ablation. */
function followAblation<S>(f: Follower<S>, d: AblationDeclaration, scope: S): void {
  f.use(scope, d.of, 'declaration')
  const own = f.inner(scope, { kind: 'declaration', node: d })
  for (const entry of d.entries) {
    // what is measured is no value: the analysis of variants finds it
    if (entry.kind === 'primary') continue
    if (entry.kind !== 'variant') {
      followVaried(f, entry, d, scope)
      continue
    }
    if (entry.of) f.use(scope, entry.of, 'declaration')
    const inner = f.inner(own, { kind: 'variant', node: entry })
    f.part?.(own, entry.name)
    if ('text' in entry.change) f.use(scope, entry.change, 'declaration')
    else for (const item of entry.change) followItem(f, item, inner)
  }
}

/** What an ablation goes through. */
export function followVaried<S>(
  f: Follower<S>,
  entry: VaryEntry | SelectEntry | SeedsEntry,
  { of }: AblationDeclaration,
  scope: S,
): void {
  if (entry.kind !== 'seeds') f.member?.(scope, entry.param, { kind: 'pipeline', of })
  followValue(f, entry.values, scope)
  if (entry.kind === 'select') followValue(f, entry.seeds, scope)
}
