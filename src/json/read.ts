import { type ObjectNode, type ValueNode, parse } from '@humanwhocodes/momoa'

/** A JSON text whose values know where they stand: offsets of the text. */
export type JsonNode = JsonObject | JsonArray | JsonLeaf

export interface JsonObject {
  readonly kind: 'object'
  readonly members: ReadonlyMap<string, JsonNode>
  readonly start: number
  readonly end: number
}

export interface JsonArray {
  readonly kind: 'array'
  readonly items: readonly JsonNode[]
  readonly start: number
  readonly end: number
}

export interface JsonLeaf {
  readonly kind: 'value'
  readonly value: string | number | boolean | null
  readonly start: number
  readonly end: number
}

/** Why a text is not taken, in a user's words, and where. */
export class JsonProblem extends Error {
  constructor(
    message: string,
    readonly start: number,
    readonly end: number,
  ) {
    super(message)
  }
}

/** Deeper than any configuration; the readers walk recursively. */
const mostLevels = 64

/**
 * Reads a JSON text, strictly: a key stands once in its object. With `notFinite` the numbers that Python writes and JSON
 * has no word for are numbers. Throws JsonProblem.
 */
export function readJson(text: string, { notFinite = false } = {}): JsonNode {
  checkDepth(text)
  const node = parsed(notFinite ? text.replaceAll(stringOrNotFinite, inDigits) : text)
  return nodeOf(node, notFinite ? text : undefined)
}

const stringOrNotFinite = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/gs

/** A number of the same length for one that is not finite, so that all places stay. */
const inDigits = (token: string): string => (token.startsWith('"') ? token : '1'.repeat(token.length))

function parsed(text: string): ValueNode {
  try {
    return parse(text, { mode: 'json' }).body
  } catch (error) {
    if (!(error instanceof Error) || !('offset' in error) || typeof error.offset !== 'number') throw error
    const at = Math.min(error.offset, text.length)
    const end = Math.min(at + 1, text.length)
    const found = text.slice(at, end)
    const message =
      end === text.length && found === '' ? 'it ends too early' : `${JSON.stringify(found)} cannot stand here`
    throw new JsonProblem(`it is not valid JSON: ${message}`, at, end)
  }
}

/** `written` is the text in which numbers that are not finite stand as such. */
function nodeOf(node: ValueNode, written: string | undefined): JsonNode {
  const place = { start: node.loc.start.offset, end: node.loc.end.offset }
  switch (node.type) {
    case 'Object':
      return { kind: 'object', members: membersOf(node, written), ...place }
    case 'Array':
      return { kind: 'array', items: node.elements.map(({ value }) => nodeOf(value, written)), ...place }
    case 'Null':
      return { kind: 'value', value: null, ...place }
    case 'NaN':
    case 'Infinity':
      throw new JsonProblem(`it is not valid JSON: ${node.type} is no number there`, place.start, place.end)
    case 'Number': {
      const token = written?.slice(place.start, place.end)
      if (token !== undefined && /^-?[IN]/.test(token))
        return { kind: 'value', value: Number(token), ...place }
      if (!Number.isFinite(node.value)) throw new JsonProblem('a number is too large', place.start, place.end)
      return { kind: 'value', value: node.value, ...place }
    }
    default:
      return { kind: 'value', value: node.value, ...place }
  }
}

function membersOf(object: ObjectNode, written: string | undefined): ReadonlyMap<string, JsonNode> {
  const members = new Map<string, JsonNode>()
  for (const { name, value } of object.members) {
    const key = name.type === 'String' ? name.value : name.name
    if (members.has(key))
      throw new JsonProblem(
        `the key ${JSON.stringify(key.slice(0, 60))} stands twice`,
        name.loc.start.offset,
        name.loc.end.offset,
      )
    members.set(key, nodeOf(value, written))
  }
  return members
}

/** Brackets outside of strings, before anything walks them recursively. */
function checkDepth(text: string): void {
  let depth = 0
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth--
    if (depth > mostLevels)
      throw new JsonProblem(`it is nested more than ${mostLevels} levels deep`, index, index + 1)
  }
}
