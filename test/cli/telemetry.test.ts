import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { executorNames } from '../../src/runtime/executors/names.js'
import { Installed } from './installed.js'

/*
 * Aim: nothing leaves the machine. onnxruntime keeps what it reports in the user's home folder, and looks up where to
 * send it; a run does neither, in its main thread nor in its worker.
 */

let dcrc: Installed
beforeAll(async () => {
  dcrc = Installed.build()
  await dcrc.dcrc('new project')
  dcrc.install('project')
  for (const folder of ['home', 'temporary']) mkdirSync(dcrc.path(folder))
})
afterAll(() => dcrc.remove())

/** Whether system calls can be traced here. */
const traces = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0

test.each(executorNames)(
  'with %s a run leaves nothing in the home folder and opens no connection',
  async (executor) => {
    // Nothing else: with `CI` and its like onnxruntime reports nothing by itself.
    const env = { PATH: process.env['PATH'], HOME: dcrc.path('home'), TMPDIR: dcrc.path('temporary') }
    const trace = dcrc.path('trace.txt')
    const under = traces ? ['strace', '-f', '-e', 'trace=socket,connect,sendto', '-o', trace] : []
    const line = ['run', 'digits.dcr', '--steps', '2', '--run-dir', executor, '--executor', executor]
    const { code, stderr } = await dcrc.start(line, 'project', { env, under }).outcome
    expect([code, stderr]).toEqual([0, expect.stringContaining('done')])
    const left = ['home', 'temporary'].flatMap((folder) =>
      readdirSync(dcrc.path(folder), { recursive: true, encoding: 'utf8' }),
    )
    expect(left).toEqual([])
    const calls = traces ? readFileSync(trace, 'utf8').split('\n') : []
    expect(calls.filter((call) => call.includes('AF_INET'))).toEqual([])
  },
)
