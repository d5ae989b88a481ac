import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { expectValues, loadAs, openSaved, saved } from './weight-fixtures.js'

/*
 * Aim: what torch, transformers and diffusers save is read, in every form, with the values that torch itself reads, and
 * without a copy where the bytes can be taken as they lie.
 */

let cache: string
beforeEach(() => (cache = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(cache, { recursive: true }))

const clean = { missing: [], unused: [], different: [], idle: [] }

describe('the weights of a model that save_pretrained wrote', () => {
  test.each([
    ['model.safetensors', 'clip', 'clip', []],
    ['model.safetensors.index.json and its files', 'clip-sharded', 'clip', []],
    ['pytorch_model.bin, with a buffer of older versions', 'clip-bin', 'clip', ['*.position_ids']],
    ['pytorch_model.bin.index.json and its files', 'clip-bin-sharded', 'clip', []],
    ['diffusion_pytorch_model.safetensors', 'vae', 'vae', []],
  ])('%s', async (_, folder, values, ignore) => {
    const { match, tensors } = await loadAs(saved(folder), values, cache, ignore)
    expect(match).toMatchObject(clean)
    await expectValues(tensors, values)
    for (const { file } of tensors.values()) expect(file.startsWith(saved(folder))).toBe(true)
    expect(readdirSync(cache)).toEqual([])
  })

  test('in float16: converted once, exactly, into one file of the cache', async () => {
    const { match, tensors } = await loadAs(saved('clip-half'), 'clip-half', cache)
    expect(match).toMatchObject(clean)
    await expectValues(tensors, 'clip-half')
    const converted = (): string[] => readdirSync(cache).filter((name) => name !== '.gitignore')
    const [file = ''] = converted()
    expect(converted()).toEqual([file])
    for (const tensor of tensors.values()) expect(tensor.file).toBe(join(cache, file))
    expect((await loadAs(saved('clip-half'), 'clip-half', cache)).tensors).toEqual(tensors)
    expect(converted()).toEqual([file])
  })

  test('under the older names of the autoencoder, also as convolutions of kernel 1', async () => {
    const { match, tensors } = await loadAs(saved('vae-older'), 'vae', cache)
    expect(match).toMatchObject(clean)
    expect(match.found.get('decoder.mid_block.attentions.0.to_out.0.weight')).toMatchObject({
      name: 'decoder.mid_block.attentions.0.to_out.0.weight',
      shape: [8, 8],
    })
    const { tensors: table } = await openSaved(saved('vae-older'), cache)
    expect(table.get('decoder.mid_block.attentions.0.proj_attn.weight')?.shape).toEqual([8, 8, 1, 1])
    await expectValues(tensors, 'vae')
    expect(readdirSync(cache)).toEqual([])
  })
})

describe('a file of torch.save', () => {
  test.each(['protocol2', 'protocol4'])(
    'with views of every layout and type, shared storages and a parameter (%s)',
    async (protocol) => {
      const file = join(saved('layouts'), `${protocol}.pt`)
      const { match, tensors } = await loadAs(file, 'layouts', cache)
      // whole numbers are read as they lie, or not at all
      expect(match).toMatchObject({
        ...clean,
        different: [{ path: 'ids', wanted: 'i64[3, 2]', got: 'i64[3, 2], not row by row' }],
      })
      await expectValues(tensors, 'layouts', ['ids'])
      const lying = [...tensors.values()].filter((tensor) => tensor.file === file).map(({ name }) => name)
      expect(lying.toSorted()).toEqual(
        ['base', 'bytes', 'empty', 'ints', 'mask', 'parameter', 'row', 'same', 'scalar'].toSorted(),
      )
      const { tensors: table } = await openSaved(file, cache)
      const places = ['base', 'same', 'row']
        .map((name) => table.get(name))
        .map((t) => t && 'offset' in t && t.offset)
      expect(places[1]).toBe(places[0])
      expect(Number(places[2]) - Number(places[0])).toBe(2 * 6 * 4)
      expect(table.get('transposed')).toMatchObject({ shape: [6, 4], strides: [1, 6], dtype: 'f32' })
    },
  )
})
