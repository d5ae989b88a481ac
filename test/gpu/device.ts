/**
 * Goes through the sections of `sections.ts` on a machine with a GPU, each in a process of its own with a limit, and
 * writes what each saw, or how it failed, to OUT/<section>.json. What is there already is not done again: a second call
 * goes on behind the first.
 *
 *     node dist/gpu/device.js OUT [SECTION...]
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sections } from './sections.js'

const [out = '', ...wanted] = process.argv.slice(2)
const scratch = join(tmpdir(), 'dcrc-gpu')
mkdirSync(scratch, { recursive: true })

if (wanted[0] === 'alone') {
  const section = sections.find(({ name }) => name === wanted[1])
  if (!section) throw new Error(`no section ${wanted[1]}`)
  writeFileSync(out, `${JSON.stringify(await section.run(scratch))}\n`)
} else {
  const names = sections.map(({ name }) => name)
  const unknown = wanted.filter((name) => !names.includes(name))
  if (out === '' || unknown.length > 0) {
    const problem =
      out === '' ? 'there is no folder for results' : `there is no section ${unknown.join(', ')}`
    process.stderr.write(
      `${problem}\nusage: npm run gpu -- OUT [SECTION...]\nsections: ${names.join(', ')}\n`,
    )
    process.exit(1)
  }
  mkdirSync(out, { recursive: true })
  for (const { name, seconds } of sections) {
    const file = resolve(out, `${name}.json`)
    if ((wanted.length > 0 && !wanted.includes(name)) || existsSync(file)) continue
    const began = performance.now()
    const { status, signal, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), file, 'alone', name],
      { encoding: 'utf8', timeout: seconds * 1000, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 },
    )
    const took = ((performance.now() - began) / 1000).toFixed(1)
    if (status !== 0)
      writeFileSync(
        resolve(out, `${name}.failed.json`),
        JSON.stringify({ status, signal, stderr: stderr.slice(-3000) }),
      )
    const told =
      status === 0
        ? readFileSync(file, 'utf8').slice(0, 600).trim()
        : stderr.trim().split('\n').at(-1) || `ended by ${signal}`
    process.stdout.write(`${name} ${took} s ${status === 0 ? '' : 'FAILED '}${told}\n`)
  }
}
