/** A model of the Hugging Face hub, written `org/name`, `org/name@revision`, `org/name/folder/file`. */
export interface ModelId {
  readonly repo: string
  /** A branch, a tag or a commit. */
  readonly revision: string
  /** What is meant inside of it, with slashes between; empty: all of it. */
  readonly inside: string
}

export const defaultRevision = 'main'

/** What owners, names and revisions are made of. */
export const idPart = String.raw`[A-Za-z0-9_](?:[\w.-]*\w)?`
const pattern = new RegExp(`^(${idPart}/${idPart})(?:@(${idPart}))?((?:/${idPart})*)$`)

/** The model that a text names, if it is written like an id. */
export function parseModelId(text: string): ModelId | undefined {
  const [, repo, revision = defaultRevision, inside = ''] = pattern.exec(text) ?? []
  if (repo === undefined || /--|\.\./.test(repo)) return undefined
  return { repo, revision, inside: inside.slice(1) }
}

export const formatModelId = ({ repo, revision, inside }: ModelId): string =>
  `${repo}${revision === defaultRevision ? '' : `@${revision}`}${inside === '' ? '' : `/${inside}`}`
