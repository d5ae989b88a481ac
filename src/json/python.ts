import { type JsonNode, JsonProblem, readJson } from './read.js'

/**
 * Reads a JSON text as Python's json does, which is what opens it next: a byte order mark and raw control characters in
 * strings are refused, NaN and Infinity are numbers. Throws JsonProblem.
 */
export function readPythonJson(text: string): JsonNode {
  checkCharacters(text)
  return readJson(text, { notFinite: true })
}

/** As `readPythonJson`, for a text of which only this is wanted: whether it can be read. */
export function checkPythonJson(text: string): void {
  try {
    JSON.parse(text)
  } catch {
    readPythonJson(text)
  }
}

function checkCharacters(text: string): void {
  if (text.startsWith('\uFEFF')) throw new JsonProblem('it begins with a byte order mark', 0, 1)
  for (const { 0: string, index } of text.matchAll(/"(?:[^"\\]|\\.)*"/gs)) {
    // eslint-disable-next-line no-control-regex -- these are what JSON wants escaped
    const at = string.search(/[\u0000-\u001F]/)
    if (at >= 0)
      throw new JsonProblem(
        `a string holds the control character ${JSON.stringify(string[at])} as it is`,
        index + at,
        index + at + 1,
      )
  }
}
