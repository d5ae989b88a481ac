import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeFrom } from '../../src/doctor/install-provider.js'
import { sessions } from '../../src/targets/sessions.js'
import { zip } from '../weights/torch-files.js'

/*
 * Aim: the two files of CUDA's provider come whole out of a wheel or a folder, and out of nothing else. Fetching is seen
 * by hand: no test has a network.
 */

const installed = sessions['cuda']?.installed
if (!installed) throw new Error('CUDA is installed')
const { files } = installed

let scratch = ''
let to = ''
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'dcrc-install-'))
  to = join(scratch, 'to')
  mkdirSync(to)
})
afterEach(() => rmSync(scratch, { recursive: true }))

const wheel = (name: string, members: readonly string[]): string => {
  const path = join(scratch, name)
  writeFileSync(path, zip(members.map((member) => ({ name: member, data: Buffer.from(`of ${member}`) }))))
  return path
}
const take = (from: string): Promise<void> => takeFrom(from, installed, '1.30.0', to)
const found = (): unknown =>
  Object.fromEntries(readdirSync(to).map((name) => [name, readFileSync(join(to, name), 'utf8')]))

test('out of a wheel', async () => {
  const inside = files.map((file) => `onnxruntime/capi/${file}`)
  await take(wheel('onnxruntime_gpu-1.30.0-cp312-x86_64.whl', ['onnxruntime/__init__.py', ...inside]))
  expect(found()).toEqual(Object.fromEntries(files.map((file, k) => [file, `of ${inside[k]}`])))
})

test('out of a folder, however deep', async () => {
  const folder = join(scratch, 'lib/python/capi')
  mkdirSync(folder, { recursive: true })
  for (const file of files) writeFileSync(join(folder, file), file)
  await take(join(scratch, 'lib'))
  expect(found()).toEqual(Object.fromEntries(files.map((file) => [file, file])))
})

test('not out of another version, half of it, or something else', async () => {
  await expect(take(wheel('onnxruntime_gpu-1.29.0-cp312.whl', files))).rejects.toThrow(
    'onnxruntime_gpu-1.29.0-cp312.whl is of onnxruntime 1.29.0, and 1.30.0 is installed',
  )
  const half = wheel('onnxruntime_gpu-1.30.0-cp312.whl', files.slice(0, 1))
  await expect(take(half)).rejects.toThrow(`${half} has no ${files[1]}`)
  const text = join(scratch, 'text.whl')
  writeFileSync(text, 'no archive')
  await expect(take(text)).rejects.toThrow(`${text} is no zip archive`)
  await expect(take(join(scratch, 'nowhere'))).rejects.toThrow('does not exist')
  await expect(take(scratch)).rejects.toThrow(`${scratch} has no ${files[1]}`)
  expect(readdirSync(to).filter((name) => name.endsWith('.part'))).toEqual([])
})
