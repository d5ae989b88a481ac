import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compile } from '../../src/compiler/index.js'
import { peftTargets } from '../../src/runtime/exports/peft-targets.js'
import { InferenceSession, Tensor } from '../../src/runtime/onnxruntime.js'
import { runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor, writeSafetensors } from '../../src/weights/safetensors.js'
import { DiskFiles } from '../../src/cli/files.js'
import { relativeError } from '../parity/harness.js'

/*
 * Aim: a text encoder and adapters on it load as two generations of transformers and peft saved them
 * (test/oracle/generations.py), in every mixture, and compute what these computed; what is wrong with a file is told
 * with a help that works when it is followed.
 */
const saved = fileURLToPath(new URL('../oracle/fixtures/generations', import.meta.url))
const generations = ['old', 'new'] as const
const ids = [38, 3, 5, 39, 39, 39, 39, 38, 7, 39, 39, 39, 39, 39]

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dcrc-generations-'))
  cpSync(saved, root, { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const source = (from: string, adapter = ''): string => `
use std.clip { ClipTextModel }
pipeline p {
  model text = ClipTextModel from ${from}
  ${adapter}
  fn pooled(ids: i64[n, 7]) = text(ids).pooler_output
  export pooled, text${adapter === '' ? '' : ', enc'}
}
`
const lora = (from: string, settings: string): string => {
  const attention = 'text.text_model.encoder.layers[0].self_attn'
  return `adapter enc = lora(${attention}.q_proj, ${attention}.v_proj, ${settings}) from "${from}"`
}

async function run(text: string) {
  writeFileSync(join(root, 'main.dcr'), text)
  const { artefact, diagnostics } = compile({ entry: 'main.dcr', files: new DiskFiles(root) })
  if (!artefact) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  const result = await runPipeline(artefact, { root, threads: 1, runDir: mkdtempSync(join(root, 'run-')) })
  return {
    folder: result.directory ?? '',
    problems:
      result.status === 'failed'
        ? result.diagnostics.map((d) => `${d.code}: ${d.message} | ${d.help ?? ''}`)
        : [],
  }
}

async function pooledOf(folder: string): Promise<Float32Array> {
  const session = await InferenceSession.create(join(folder, 'export/pooled/model.onnx'))
  const { pooled } = await session.run({
    ids: new Tensor('int64', BigInt64Array.from(ids.map(BigInt)), [2, 7]),
  })
  await session.release()
  return pooled?.data as Float32Array
}

async function savedOf(generation: string, name: string): Promise<Float32Array> {
  const { tensors } = await openSafetensors(join(saved, generation, 'pooled.safetensors'))
  const found = tensors.get(name)
  if (!found) throw new Error(name)
  return new Float32Array(await readTensor(found))
}

describe('two generations of names', () => {
  for (const model of generations) {
    test(`weights of the ${model} one, whose export has the names that both read`, async () => {
      const { folder, problems } = await run(source(`"${model}/text_encoder"`))
      expect(problems).toEqual([])
      expect(relativeError(await pooledOf(folder), await savedOf(model, 'plain'))).toBeLessThan(1e-5)
      const { tensors } = await openSafetensors(join(folder, 'export/text/model.safetensors'))
      expect([...tensors.keys()].every((name) => name.startsWith('text_model.'))).toBe(true)
    })
    for (const adapter of generations)
      test.each([
        ['adapter', 'rank = 2, alpha = 3'],
        ['rooted', 'rank = 4, alpha = 16'],
      ])(`${model} weights, ${adapter} %s`, async (name, settings) => {
        const { folder, problems } = await run(
          source(`"${model}/text_encoder"`, lora(`${adapter}/${name}`, settings)),
        )
        expect(problems).toEqual([])
        expect(relativeError(await pooledOf(folder), await savedOf(adapter, name))).toBeLessThan(1e-5)
        // both names, since peft takes those that it knows and leaves out the others without an error
        const { tensors } = await openSafetensors(join(folder, 'export/enc/adapter_model.safetensors'))
        const layer = 'encoder.layers.0.self_attn.q_proj.lora_A.weight'
        const [bare, prefixed] = ['', 'text_model.'].map((tower) =>
          tensors.get(`base_model.model.${tower}${layer}`),
        )
        if (!bare || !prefixed) throw new Error('a name is missing')
        expect(await readTensor(bare)).toEqual(await readTensor(prefixed))
        cpSync(join(folder, 'export/enc'), join(root, 'again'), { recursive: true })
        const again = await run(source(`"${model}/text_encoder"`, lora('again', settings)))
        expect(again.problems).toEqual([])
        expect(relativeError(await pooledOf(again.folder), await savedOf(adapter, name))).toBeLessThan(1e-5)
        const config = JSON.parse(
          readFileSync(join(folder, 'export/enc/adapter_config.json'), 'utf8'),
        ) as object
        expect(config).toMatchObject({
          target_modules: ['encoder.layers.0.self_attn.q_proj', 'encoder.layers.0.self_attn.v_proj'],
        })
      })
  }
})

describe('what an adapter says is read as peft reads it', () => {
  test('with the defaults of what it leaves out', async () => {
    const config = join(root, 'new/adapter/adapter_config.json')
    writeFileSync(config, JSON.stringify({ peft_type: 'LORA', r: 2, target_modules: ['q_proj', 'v_proj'] }))
    const { problems } = await run(source('"new/text_encoder"', lora('new/adapter', 'rank = 2, alpha = 3')))
    expect(problems.join()).toMatch(
      /`lora_alpha` is not there, which means 8, .*alpha = 3 \| write `alpha = 8`/,
    )
    expect(
      (await run(source('"new/text_encoder"', lora('new/adapter', 'rank = 2, alpha = 8')))).problems,
    ).toEqual([])
  })

  test('with the scale of rsLoRA', async () => {
    const { problems } = await run(source('"new/text_encoder"', lora('new/rooted', 'rank = 4, alpha = 8')))
    expect(problems.join()).toMatch(/`use_rslora` as much as 16, .*alpha = 8 \| write `alpha = 16`/)
  })

  test('and no `ignore` is offered for what it has besides', async () => {
    const one = lora('new/adapter', 'rank = 2, alpha = 3').replace(/, \S+v_proj/, '')
    const { problems } = await run(source('"new/text_encoder"', one))
    expect(problems.join()).toMatch(
      /^adapter\/mismatch: .*2 unused.* \| let `lora\(\.\.\.\)` name the layers/,
    )
  })
})

describe('target_modules', () => {
  /** As peft's check_target_module_exists has it. */
  const matches = (targets: readonly string[] | string, key: string): boolean =>
    typeof targets === 'string'
      ? new RegExp(`^(?:${targets})$`).test(key)
      : targets.some((t) => key === t || key.endsWith(`.${t}`))
  test.each([
    [['proj_out'], ['proj_out', 'blocks.0.proj_out', 'blocks.1.proj_out']],
    [['a.proj'], ['a.proj', 'b.a.proj', 'ba.proj', 'proj']],
    [['blocks.0.proj_out'], ['proj_out', 'blocks.0.proj_out', 'blocks.10.proj_out']],
    [['proj'], ['proj', 'x.proj.inner']],
  ])('%j of %j are these and no other', (modules, all) => {
    const targets = peftTargets(
      modules,
      all.map((module) => `${module}.weight`),
    )
    expect(all.filter((module) => matches(targets, module))).toEqual(modules)
    // a part that holds others is none either
    expect(matches(targets, 'x.proj')).toBe(false)
  })

  test('of one tower fit with its name and without', () => {
    const all = ['fc', 'layers.0.fc', 'out'].map((module) => `text_model.${module}.weight`)
    const targets = peftTargets(['text_model.fc'], all)
    const keys = ['fc', 'text_model.fc', 'layers.0.fc', 'text_model.layers.0.fc', 'text_model.out']
    expect(keys.filter((key) => matches(targets, key))).toEqual(['fc', 'text_model.fc'])
  })
})

describe('a help that can be followed', () => {
  const rewritten = async (rename: (name: string) => string, more: readonly string[] = []): Promise<void> => {
    const file = join(root, 'old/text_encoder/model.safetensors')
    const { tensors } = await openSafetensors(file)
    const own = [...tensors.values()].map((t) => ({
      name: rename(t.name),
      dtype: t.dtype as 'f32',
      shape: t.shape,
      content: t,
    }))
    const others = more.map((name) => ({
      name,
      dtype: 'f32' as const,
      shape: [1],
      content: new Float32Array(1),
    }))
    await writeSafetensors(join(root, 'other.safetensors'), [...own, ...others])
  }
  for (const prefix of ['module.', 'model.', '_orig_mod.', '_orig_mod.module.'])
    test(`names with ${prefix} before them`, async () => {
      await rewritten((name) => prefix + name)
      const from = '"other.safetensors"'
      const model = source(from)
        .replace('ClipTextModel from', 'ClipTextModel(small) from')
        .replace(
          'pipeline p',
          `let small = ClipTextConfig(vocab_size = 40, hidden_size = 8, intermediate_size = 12, num_hidden_layers = 1, num_attention_heads = 2, max_position_embeddings = 7)\npipeline p`,
        )
        .replace('{ ClipTextModel }', '{ ClipTextConfig, ClipTextModel }')
      const [problem = ''] = (await run(model)).problems
      expect(problem).toContain(`all parameters are there, with \`${prefix}\` before their paths`)
      const [, help = ''] = /\| write `(.*)` behind `from`/.exec(problem) ?? []
      const { folder, problems } = await run(model.replace(from, `${from} ${help}`))
      expect(problems).toEqual([])
      expect(relativeError(await pooledOf(folder), await savedOf('old', 'plain'))).toBeLessThan(1e-5)
      expect((await run(model.replace(from, `${from} strip "modul."`))).problems.join()).toContain(
        'run/strip-idle',
      )
    })

  test('a link to nothing is not offered', async () => {
    rmSync(join(root, 'new/text_encoder/model.safetensors'))
    symlinkSync('../gone', join(root, 'new/text_encoder/model.safetensors'))
    const { problems } = await run(source('"new/text_encoder"'))
    expect(problems.join()).toMatch(
      /model\.safetensors is a link to a file that is not there \| put the file/,
    )
  })

  test('element types that nothing here computes with are left out by `ignore`', async () => {
    const header = JSON.stringify({
      w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
      c: { dtype: 'C64', shape: [1], data_offsets: [4, 12] },
      z: { dtype: 'F8_E4M3FNUZ', shape: [2], data_offsets: [12, 14] },
    })
    const size = Buffer.alloc(8)
    size.writeBigUInt64LE(BigInt(header.length))
    const write = (text: string): void =>
      writeFileSync(join(root, 't.safetensors'), Buffer.concat([size, Buffer.from(text), Buffer.alloc(14)]))
    write(header)
    expect([...(await openSafetensors(join(root, 't.safetensors'))).tensors.keys()]).toEqual(['w', 'c', 'z'])
    write(header.replace('C64', 'C65'))
    await expect(openSafetensors(join(root, 't.safetensors'))).rejects.toMatchObject({ fault: 'refused' })
  })
})
