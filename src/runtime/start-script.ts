import { Worker } from 'node:worker_threads'

/**
 * Starts a thread from a file beside the one that asks. Compiled code starts as it is; sources (tests, development)
 * register a loader for TypeScript first.
 */
export function startScript(name: string, beside: string): Worker {
  if (!beside.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, beside))
  const entry = JSON.stringify(new URL(`./${name}.ts`, beside).href)
  return new Worker(`import('tsx/esm/api').then(({ register }) => { register(); return import(${entry}) })`, {
    eval: true,
  })
}
