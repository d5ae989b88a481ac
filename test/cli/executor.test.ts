import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Installed } from './installed.js'

/* Aim: where koffi is not installed, as on a machine that it has no binary for, runs work all the same and say with what. */

let dcrc: Installed
/** The package among all that it needs but koffi. */
let bare: string
beforeAll(() => {
  dcrc = Installed.build()
  dcrc.install('.')
  dcrc.copy('examples/digits.dcr', 'digits.dcr')
  bare = mkdtempSync(join(tmpdir(), 'dcrc-bare-'))
  cpSync(join(dcrc.place, 'dist'), join(bare, 'dist'), { recursive: true })
  cpSync(join(dcrc.place, 'package.json'), join(bare, 'package.json'), { dereference: true })
  symlinkSync(join(dcrc.place, 'pipelines'), join(bare, 'pipelines'))
  mkdirSync(join(bare, 'node_modules'))
  const packages = readdirSync(dcrc.path('node_modules')).filter((name) => !name.startsWith('.'))
  for (const name of packages)
    if (name !== 'koffi') symlinkSync(dcrc.path('node_modules', name), join(bare, 'node_modules', name))
})
afterAll(() => {
  dcrc.remove()
  rmSync(bare, { recursive: true, force: true })
})

const withoutKoffi = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(bare, 'dist/cli/main.js'), ...args], {
    cwd: dcrc.path(),
    encoding: 'utf8',
  })

const executorOf = (run: string): unknown =>
  (JSON.parse(readFileSync(dcrc.path(run, 'run.json'), 'utf8')) as { executor: unknown }).executor

test('a run takes the C API where koffi is, else the binding, and its record says so', async () => {
  const line = ['run', 'digits.dcr', '--steps', '1', '--run-dir']
  expect((await dcrc.dcrc([...line, 'with'].join(' '))).code).toBe(0)
  expect(executorOf('with')).toBe('c-api')
  const { status, stderr } = withoutKoffi(...line, 'without')
  expect([status, stderr]).toEqual([0, expect.stringContaining('done')])
  expect(executorOf('without')).toBe('binding')
})

test('an executor that is asked for and cannot be used is an error that says why', () => {
  const { status, stderr } = withoutKoffi('run', 'digits.dcr', '--executor', 'c-api', '--run-dir', 'asked')
  expect(status).toBe(1)
  expect(stderr).toContain('run/no-executor')
  expect(stderr).toContain('koffi cannot be loaded')
})
