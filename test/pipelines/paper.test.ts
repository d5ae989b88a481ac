import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Installed } from '../cli/installed.js'

/*
 * Aim: the ablations of the paper's tables and figures are planned and compiled at full size, say what is to be
 * downloaded, and run from start to end on networks of a few thousand parameters. `npm run paper` goes through all of
 * them, `npm test` through one.
 */
const all = process.env['DCRC_PAPER'] === 'all'
const folder = new URL('../../pipelines/paper/', import.meta.url)
const found = readdirSync(folder).flatMap((file) => {
  const text = readFileSync(new URL(file, folder), 'utf8')
  return [...text.matchAll(/^ablation (\w+) /gm)].map(([, name = '']) => ({ file, name, text }))
})
const chosen = found.filter(({ name }) => all || name === 'figure_2')

let dcrc: Installed
beforeAll(() => {
  dcrc = Installed.build()
  dcrc.write('project/package.json', '{}')
  dcrc.install('project')
  dcrc.copy('.', 'project/pipelines')
})
afterAll(() => dcrc.remove())

/** The file with the pipelines that it uses exchanged for those of tiny.dcr, which are the same but for their sizes. */
function tiny(text: string): string {
  const names: string[] = []
  const used = text.replaceAll(/^use "\.\.\/[^"]*" \{([^}]*)\}\n/gm, (line: string, list: string) => {
    const own = list.split(',').map((name) => name.trim())
    names.push(...own)
    return line.replace(/"[^"]*" \{.*\}/, `"../tiny.dcr" { ${own.map((name) => `tiny_${name}`).join(', ')} }`)
  })
  return names.reduce(
    (so, name) => so.replaceAll(new RegExp(`(of|extends|=) ${name}\\b`, 'g'), `$1 tiny_${name}`),
    used,
  )
}

test('there is one for each table and figure with numbers of one encoder', () => {
  expect(found.map(({ name }) => name).sort()).toEqual([
    'denoiser',
    'figure_2',
    'figure_5',
    'local_tokens',
    'objective',
    'protocol',
    'table_1',
    'table_2',
    'table_6',
  ])
})

describe.each(chosen)('$file: $name', ({ file, name, text }) => {
  const path = `pipelines/paper/${file}#${name}`

  test('is planned at full size, and names what is to be downloaded', { timeout: 900_000 }, async () => {
    const { code, stdout } = await dcrc.dcrc(`plan ${path} --json`, 'project')
    expect(code).toBe(0)
    const plan = JSON.parse(stdout) as {
      runs: number
      flops: number
      peak: number
      absent: readonly string[]
    }
    expect(plan.runs).toBeGreaterThan(1)
    // a step of the paper's size takes gigabytes and teraflops
    expect(plan.peak).toBeGreaterThan(4e9)
    expect(plan.flops).toBeGreaterThan(1e15)
    const { code: refused, stderr } = await dcrc.dcrc(`run ${path}`, 'project')
    expect(refused).toBe(1)
    expect(stderr).toContain('error[run/files-missing]')
    for (const missing of plan.absent)
      expect(stderr).toMatch(new RegExp(`(?:weights of|data) .*\\b${missing}\\b`))
    expect(stderr).toMatch(/npx dcrc fetch openai\/clip-vit-large-patch14 --to /)
  })

  test.runIf(all)('is compiled at full size', { timeout: 900_000 }, async () => {
    const { code, stdout } = await dcrc.dcrc(`compile ${path} -o full`, 'project')
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^${name}: \\d+ variants, \\d+ runs, .* of graphs, in full\\n$`))
  })

  // what the variants of figure 6 change are the generators themselves
  test.skipIf(name === 'denoiser')('runs to its table on tiny networks', { timeout: 900_000 }, async () => {
    const own = `tiny_${file}`
    dcrc.write(`project/pipelines/paper/${own}`, tiny(text))
    const line = `run pipelines/paper/${own}#${name} --weights random --steps 2 --jobs 2`
    const { code, stderr } = await dcrc.dcrc(line, 'project')
    expect([code, stderr.match(/error\[.*/)?.[0]]).toEqual([0, undefined])
    const results = JSON.parse(dcrc.read(`project/runs/${name}/1/results.json`)) as {
      columns: readonly { evaluation: string }[]
      variants: readonly { runs: readonly { state: string }[] }[]
    }
    const states = results.variants.flatMap(({ runs }) => runs.map(({ state }) => state))
    expect(states.length).toBeGreaterThan(1)
    expect(new Set(states)).toEqual(new Set(['done']))
    expect(results.columns.length).toBeGreaterThan(3)
    expect(existsSync(dcrc.path(`project/runs/${name}/1/report.html`))).toBe(true)
  })
})
