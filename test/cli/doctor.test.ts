import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { missingLibraries } from '../../src/providers/missing-libraries.js'
import { Installed } from './installed.js'

/* Aim: `dcrc doctor` says what a run would stumble over, each with what mends it, and its exit code tells whether. */

let dcrc: Installed
let alone: string
beforeAll(() => {
  dcrc = Installed.build()
  dcrc.install('.')
  dcrc.copy('examples/digits.dcr', 'digits.dcr')
  dcrc.write('bad.dcr', 'pipeline bad { let x = nope }\n')
  dcrc.write(
    'far.dcr',
    `use std.clip { ClipModel, openai_vit_l_14 }
pipeline far {
  model clip = ClipModel(openai_vit_l_14) from "weights/clip-vit-large-patch14"
  data train = mnist(size = 32) rows 4 { image: f32[3, 32, 32] = image }
  export clip
}
`,
  )
  alone = mkdtempSync(join(tmpdir(), 'dcrc-doctor-'))
})
afterAll(() => {
  dcrc.remove()
  rmSync(alone, { recursive: true, force: true })
})

/** The lines of one kind, without what differs between machines. */
const linesOf = (stdout: string, subject: string): readonly string[] => {
  const lines = stdout.split('\n')
  return lines.flatMap((line, i) =>
    line.slice(4).startsWith(subject)
      ? [line, ...(lines[i + 1]?.startsWith(' ') ? [lines[i + 1] ?? ''] : [])]
      : [],
  )
}

test('a machine and a pipeline of which all is there', async () => {
  const { code, stdout, stderr } = await dcrc.dcrc('doctor digits.dcr')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(linesOf(stdout, 'Node')).toEqual([
    `ok  Node        ${process.version} (${process.platform} ${process.arch})`,
  ])
  expect(linesOf(stdout, 'onnxruntime')[0]).toMatch(/^ok {2}onnxruntime 1\.30\.0 runs on the processor/)
  expect(linesOf(stdout, 'executor')).toEqual([
    "ok  executor    c-api: onnxruntime's C API, called through koffi",
  ])
  expect(linesOf(stdout, 'pictures')[0]).toMatch(/^ok {2}pictures {4}sharp \d/)
  expect(linesOf(stdout, 'pipeline')).toEqual(['ok  pipeline    digits.dcr; found the files of train'])
})

test('weights that are not there are told with the command that fetches them', async () => {
  const { code, stdout } = await dcrc.dcrc('doctor far.dcr')
  expect(code).toBe(1)
  expect(linesOf(stdout, 'weights')).toEqual([
    'no  weights     clip: not at weights/clip-vit-large-patch14',
    '                help: npx dcrc fetch openai/clip-vit-large-patch14 --to weights/clip-vit-large-patch14',
  ])
})

test('a pipeline with mistakes, one that does not exist, and several to choose from', async () => {
  const bad = await dcrc.dcrc('doctor bad.dcr')
  expect(bad.code).toBe(1)
  expect(linesOf(bad.stdout, 'pipeline')).toEqual([
    'no  pipeline    bad.dcr has mistakes',
    '                help: npx dcrc check bad.dcr',
  ])
  expect(await dcrc.dcrc('doctor none.dcr')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('file/missing'),
  })
  expect(linesOf((await dcrc.dcrc('doctor')).stdout, 'pipeline')[0]).toBe(
    '--  pipeline    none looked at: there are 3 pipeline files in this folder',
  )
})

test('for tools, as JSON', async () => {
  const { stdout } = await dcrc.dcrc('doctor far.dcr --json')
  expect(
    (JSON.parse(stdout) as { state: string; subject: string }[]).filter((f) => f.state === 'bad'),
  ).toEqual([expect.objectContaining({ subject: 'weights' })])
})

test('an installation whose native packages are missing, as a failed npm install leaves it', () => {
  cpSync(join(dcrc.place, 'dist'), join(alone, 'dist'), { recursive: true })
  cpSync(join(dcrc.place, 'package.json'), join(alone, 'package.json'), { dereference: true })
  const { status, stdout } = spawnSync(process.execPath, [join(alone, 'dist/cli/main.js'), 'doctor'], {
    cwd: alone,
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  expect(linesOf(stdout, 'onnxruntime')).toEqual([
    'no  onnxruntime the package onnxruntime-node is not installed',
    '                help: ONNXRUNTIME_NODE_INSTALL=skip npm install',
  ])
  expect(linesOf(stdout, 'executor')[0]).toMatch(
    /^-- {2}executor {4}binding: onnxruntime's own for Node, since/,
  )
  expect(linesOf(stdout, 'pictures')[0]).toMatch(/^no {2}pictures {4}sharp does not run/)
})

test('libraries that the loader does not find are named', () => {
  // What ldd prints of onnxruntime's provider on a machine without CUDA.
  const printed = `\tlinux-vdso.so.1 (0x00007ffe)
\tlibcublasLt.so.13 => not found
\tlibcudart.so.13 => not found
\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f)
`
  const ldd = join(alone, 'ldd')
  writeFileSync(ldd, `#!/bin/sh\ncat <<'END'\n${printed}END\n`)
  chmodSync(ldd, 0o755)
  const before = process.env['PATH']
  process.env['PATH'] = `${alone}:${before}`
  try {
    expect(missingLibraries('/any')).toEqual(['libcublasLt.so.13', 'libcudart.so.13'])
  } finally {
    process.env['PATH'] = before
  }
})

test.skipIf(process.platform !== 'linux')('of a program that runs, none is missing', () => {
  expect(missingLibraries(process.execPath)).toEqual([])
  expect(execFileSync('ldd', [process.execPath], { encoding: 'utf8' })).toContain('libc.so')
})

test('a target for which something is missing is refused before anything is opened', async () => {
  const { code, stderr } = await dcrc.dcrc('run --target cuda digits.dcr')
  expect(code).toBe(1)
  expect(stderr).toContain('error[target/no-device]: nothing runs on `cuda` here: ')
  expect(stderr).toMatch(/help: (npx dcrc doctor --install cuda|install )/)
  expect(existsSync(dcrc.path('runs'))).toBe(false)
  const wrong = await dcrc.dcrc('doctor --install webgpu')
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain('there is no target `webgpu`')
  expect(wrong.stderr).toContain('help: there is `cuda`')
})
