import type { Graph } from './graph.js'
import { print } from './print.js'
import { sha256 } from './sha256.js'

/** The identity of a graph: SHA-256 of its text in full, so of everything but ids and spans. */
export const hash = (graph: Graph): string => sha256(print(graph, { elements: Infinity }))
