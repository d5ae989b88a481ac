import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { onnx as Onnx } from 'onnx-proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import { OnnxProblem, checkSupported, readModel, translate } from '../../src/onnx/index.js'
import { openModel } from '../../src/onnx/open.js'
import { DiskBinaryFiles } from '../../src/runtime/binary-files.js'
import { file, integers, intAttribute, intsAttribute, node, tensorInfo, weight } from './build.js'

/** What is said of a file, with its fault; '' where it is taken. */
function complaint(run: () => unknown): string {
  try {
    run()
    return ''
  } catch (error) {
    if (!(error instanceof OnnxProblem)) throw error
    return `${error.fault}: ${error.lines.join('; ')}`
  }
}

const read = (graph: Onnx.IGraphProto, model?: Onnx.IModelProto): string =>
  complaint(() => readModel(file(graph, model), { check: checkSupported }))

/** Reads a file and calls it with a tensor of 4 rows. */
const call = (graph: Onnx.IGraphProto, version = 17): string =>
  complaint(() => {
    const b = new Builder()
    const x = b.input('x', { dtype: 'f32', shape: [4, 3] })
    const opsetImport = [{ domain: '', version }]
    return translate(
      readModel(file(graph, { opsetImport }), { check: checkSupported }),
      b,
      [x],
      (name, type) => b.parameter('m', name, type),
    )
  })

const double = node('Add', ['x', 'x'], ['y'])
const w = weight('w', [3], [1, 2, 3])
const scaled = node('Mul', ['x', 'w'], ['y'])

describe('a damaged file is named as such', () => {
  it('what is right is taken', () => {
    expect(read({ node: [double] })).toBe('')
    expect(call({ node: [scaled], initializer: [w] })).toBe('')
  })

  it.each<[string, string, Onnx.IGraphProto]>([
    [
      'a value that nothing makes',
      'damaged: node "/y" (Add) uses "z", which nothing makes',
      {
        node: [node('Add', ['x', 'z'], ['y'])],
      },
    ],
    [
      'a cycle',
      'damaged: node "/a" (Add) uses "y", which is made after it or from it',
      {
        node: [node('Add', ['x', 'y'], ['a']), node('Add', ['a', 'x'], ['y'])],
      },
    ],
    [
      'nodes out of order',
      'damaged: node "/y" (Tanh) uses "q", which is made after it or from it',
      {
        node: [node('Tanh', ['q'], ['y']), node('Add', ['x', 'x'], ['q'])],
      },
    ],
    [
      'a node that reads itself',
      'damaged: node "/y" (Add) uses "y", which is made after it or from it',
      {
        node: [node('Add', ['x', 'y'], ['y'])],
      },
    ],
    [
      'two values of one name',
      'damaged: node "/y" (Neg) makes "y", which stands in the graph already',
      {
        node: [double, node('Neg', ['x'], ['y'])],
      },
    ],
    [
      'two initializers of one name',
      'damaged: the initializer "w" stands in it twice',
      {
        node: [scaled],
        initializer: [w, w],
      },
    ],
    [
      'an initializer too short',
      'damaged: the initializer "w" holds 12 bytes, its shape takes 16',
      {
        node: [scaled],
        initializer: [{ ...w, dims: [4] }],
      },
    ],
    [
      'an initializer without values',
      'damaged: the initializer "w" holds 0 values, its shape takes 3',
      {
        node: [scaled],
        initializer: [{ name: 'w', dataType: 1, dims: [3] }],
      },
    ],
    [
      'a negative size',
      'damaged: the initializer "w" has the impossible shape [-3]',
      {
        node: [scaled],
        initializer: [{ ...w, dims: [-3] }],
      },
    ],
    [
      'a size that no memory holds',
      'damaged: the initializer "w" has the impossible shape [1099511627776]',
      {
        node: [scaled],
        initializer: [{ ...w, dims: [2 ** 40] }],
      },
    ],
    [
      'no element type',
      'damaged: the initializer "w" has no element type',
      {
        node: [scaled],
        initializer: [{ ...w, dataType: 0 }],
      },
    ],
    ['no output', 'damaged: its graph has no output', { node: [double], output: [] }],
    ['an output that nothing makes', 'damaged: nothing makes the output "y"', { node: [] }],
    [
      'an input twice',
      'damaged: its graph has the input "x" twice',
      {
        node: [double],
        input: [tensorInfo('x', ['n', 3]), tensorInfo('x', ['n', 3])],
      },
    ],
    [
      'an attribute twice',
      'damaged: node "/y" (Softmax) has the attribute "axis" twice or without a name',
      {
        node: [node('Softmax', ['x'], ['y'], [intAttribute('axis', 1), intAttribute('axis', 0)])],
      },
    ],
  ])('%s', (_, message, graph) => expect(read(graph)).toBe(message))

  it('versions', () => {
    const graph = { node: [double] }
    expect(read(graph, { irVersion: 0 })).toBe('damaged: it has no IR version')
    expect(read(graph, { irVersion: 14 })).toBe('')
    expect(read(graph, { irVersion: 15 })).toBe('unsupported: its IR version is 15; up to 14 is read')
    expect(read(graph, { opsetImport: [] })).toBe('damaged: it names no version of the ONNX operators')
    for (const version of [6, 29]) {
      const opsetImport = [{ domain: '', version }]
      expect(read(graph, { opsetImport })).toBe(
        `unsupported: it uses opset ${version}; opsets 7 to 28 are read`,
      )
    }
    expect(complaint(() => readModel(file(graph).subarray(0, 40)))).toMatch(/^damaged: /)
    expect(complaint(() => readModel(new Uint8Array(0)))).toBe('damaged: it has no IR version')
  })
})

describe('a node is what its operator is in the opset of the file', () => {
  const said = (wrong: Onnx.INodeProto, version = 17): string =>
    read({ node: [wrong] }, { opsetImport: [{ domain: '', version }] })

  it('its inputs and outputs', () => {
    expect(said(node('Relu', ['x', 'x', 'x'], ['y']))).toBe(
      'damaged: node "/y" (Relu) has 3 inputs, its operator at most 1',
    )
    expect(said(node('Add', ['x'], ['y']))).toBe(
      'damaged: node "/y" (Add) has 1 input, its operator at least 2',
    )
    expect(said(node('Add', ['', 'x'], ['y']))).toBe('damaged: node "/y" (Add) lacks its input 0')
    expect(said(node('Relu', ['x'], ['y', 'z']))).toBe(
      'damaged: node "/y" (Relu) has 2 outputs, its operator at most 1',
    )
    expect(said(node('Clip', ['x', '', ''], ['y']))).toBe('')
    expect(said(node('Sum', ['x', 'x', 'x', 'x'], ['y']))).toBe('')
  })

  it('its attributes', () => {
    const relu = (attribute: Onnx.IAttributeProto): string => said(node('Elu', ['x'], ['y'], [attribute]))
    expect(relu({ name: 'beta', type: 1, f: 1 })).toBe(
      'damaged: node "/y" (Elu): in opset 17 it has no attribute "beta"',
    )
    expect(relu(intAttribute('alpha', 1))).toBe(
      'damaged: node "/y" (Elu): its attribute "alpha" is int, not float',
    )
    expect(said(node('Cast', ['x'], ['y']))).toBe('damaged: node "/y" (Cast) lacks its attribute "to"')
    const squeeze = node('ReduceSum', ['x'], ['y'], [intsAttribute('axes', [0])])
    expect(said(squeeze, 12)).toBe('')
    expect(said(squeeze, 13)).toBe('damaged: node "/y" (ReduceSum): in opset 13 it has no attribute "axes"')
  })

  it('its opset', () => {
    expect(said(node('Mish', ['x'], ['y']))).toBe(
      'damaged: node "/y" (Mish): opset 17 has no such operator, it begins with opset 18',
    )
    expect(said(node('Upsample', ['x', 'x'], ['y']), 10)).toBe(
      'damaged: node "/y" (Upsample): opset 10 has this operator no more',
    )
  })
})

describe('what is not supported is named, all of it', () => {
  it('operators', () => {
    const loop = node('Loop', ['', '', 'a'], ['b'], [{ name: 'body', type: 5, g: {} }])
    const nodes = [node('Bernoulli', ['x'], ['a']), loop, { ...node('Odd', ['b'], ['y']), domain: 'mine' }]
    expect(read({ node: nodes })).toBe(
      'unsupported: node "/a" (Bernoulli); node "/b" (Loop); node "/y" (Odd) of domain "mine"',
    )
  })

  it('operators of the compiler itself', () => {
    const own = { ...node('StopGradient', ['x'], ['y']), domain: 'dcrc' }
    expect(read({ node: [own] })).toBe('unsupported: node "/y" (StopGradient) of domain "dcrc"')
  })

  it('an operator before attributes of it', () => {
    const texts = { name: 'activations', type: 8, strings: [new Uint8Array([65])] }
    const told = (op: string): string => read({ node: [{ ...node(op, ['x'], ['y']), attribute: [texts] }] })
    expect(told('RNN')).toBe('unsupported: node "/y" (RNN)')
    expect(told('Relu')).toBe(
      'unsupported: node "/y" (Relu) has the attribute "activations" of a kind that is not read',
    )
  })

  it('an operator that the outputs do not need is no matter', () => {
    expect(read({ node: [node('Bernoulli', ['x'], ['a']), double] })).toBe('')
  })

  it('element types', () => {
    const initializer = [{ ...w, dataType: 3 }]
    expect(read({ node: [scaled], initializer })).toBe(
      'unsupported: the initializer "w" has the element type int8',
    )
    expect(read({ node: [double], input: [tensorInfo('x', [1], 8)] })).toBe(
      'unsupported: the input "x" has the element type string',
    )
  })

  it('attributes that our operator does not have, where they change something', () => {
    const cast = (saturate: number): string =>
      call(
        {
          node: [
            node('Cast', ['x'], ['a'], [intAttribute('to', 11), intAttribute('saturate', saturate)]),
            node('Cast', ['a'], ['y'], [intAttribute('to', 1)]),
          ],
        },
        19,
      )
    expect(cast(1)).toBe('')
    expect(cast(0)).toBe('unsupported: node "/a" (Cast): the attribute "saturate" = 0')
  })
})

describe('a call that does not fit', () => {
  it('names the input', () => {
    const graph = { node: [double], input: [tensorInfo('x', [7, 3])] }
    expect(call(graph)).toBe('call: its input "x" is f32[7, 3], not f32[4, 3]')
    expect(call({ ...graph, input: [tensorInfo('x', ['n', 'n'])] })).toBe(
      'call: its input "x" is f32[n, n], not f32[4, 3]',
    )
    expect(call({ ...graph, input: [tensorInfo('x', ['n', 3], 7)] })).toBe(
      'call: its input "x" is i64[n, 3], not f32[4, 3]',
    )
  })

  it('names every node at fault, not what follows from it', () => {
    const graph = {
      node: [
        node('Reshape', ['x', 'shape'], ['a']),
        node('Neg', ['a'], ['b']),
        node('Squeeze', ['x'], ['c'], [intsAttribute('axes', [5])]),
        node('Add', ['b', 'c'], ['y']),
      ],
      initializer: [integers('shape', [5, 5])],
    }
    const said = call(graph, 12)
    expect(said).toMatch(
      /^call: node "\/a" \(Reshape\): .*\[4, 3\].*\[5, 5\].*; node "\/c" \(Squeeze\): it names axis 5 of 2$/,
    )
  })

  it('a shape that depends on values', () => {
    const nodes = [node('Cast', ['x'], ['a'], [intAttribute('to', 7)]), node('Reshape', ['x', 'a'], ['y'])]
    expect(call({ node: nodes })).toMatch(
      /node "\/y" \(Reshape\): its input 1 depends on the values of an argument/,
    )
  })
})

describe('data in other files', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
    mkdirSync(join(folder, 'models/sub'), { recursive: true })
    writeFileSync(join(folder, 'secret.bin'), new Uint8Array(64))
    writeFileSync(join(folder, 'models/data.bin'), new Uint8Array(64))
    writeFileSync(join(folder, 'models/sub/data.bin'), new Uint8Array(64))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const open = (entries: Readonly<Record<string, string>>, dataType = 1): ReturnType<typeof openModel> => {
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }))
    const t = { name: 'w', dataType, dims: [3], dataLocation: 1, externalData }
    const nodes = dataType === 7 ? [node('Reshape', ['x', 'w'], ['y'])] : [scaled]
    writeFileSync(join(folder, 'models/m.onnx'), file({ node: nodes, initializer: [t] }))
    return openModel('models/m.onnx', new DiskBinaryFiles(folder))
  }

  it('lie in the folder of the model, at their offset', () => {
    const weights = open({ location: 'data.bin', offset: '16', length: '12' })?.weights
    expect(weights?.map((v) => v.place)).toEqual([{ path: 'models/data.bin', offset: 16, length: 12 }])
    expect(open({ location: 'sub/data.bin' })?.weights.map((v) => v.place?.path)).toEqual([
      'models/sub/data.bin',
    ])
  })

  it('constants are read from them', () => {
    expect(open({ location: 'data.bin' }, 7)?.model.constants.get('w')?.data).toEqual(new Float64Array(3))
  })

  it.each<[string, Record<string, string>, RegExp]>([
    ['above', { location: '../secret.bin' }, /external: .*outside of its folder/],
    ['above, by way of a folder', { location: 'sub/../../secret.bin' }, /external: .*outside of its folder/],
    ['above, as Windows writes it', { location: '..\\secret.bin' }, /external: .*outside of its folder/],
    ['absolute', { location: '/etc/hostname' }, /external: .*outside of its folder/],
    ['absent', { location: 'none.bin' }, /external: .*is not there/],
    ['too short', { location: 'data.bin', offset: '60' }, /external: .*has 64 bytes, 72 are needed/],
    [
      'not as long as the shape',
      { location: 'data.bin', length: '16' },
      /damaged: .*has 16 bytes, its shape takes 12/,
    ],
    ['at a negative offset', { location: 'data.bin', offset: '-4' }, /damaged: .*the offset .* is "-4"/],
    ['nameless', {}, /damaged: .*which is not named/],
  ])('%s', (_, entries, message) => {
    expect(complaint(() => open(entries))).toMatch(message)
    expect(complaint(() => open(entries, 7))).toMatch(entries['length'] ? /damaged/ : /external|damaged/)
  })

  it('a link out of the folder is refused, one inside is followed', () => {
    symlinkSync(join(folder, 'secret.bin'), join(folder, 'models/out.bin'))
    symlinkSync(join(folder, 'models/sub/data.bin'), join(folder, 'models/in.bin'))
    expect(complaint(() => open({ location: 'out.bin' }))).toMatch(/external: .*is a link to a place outside/)
    expect(complaint(() => open({ location: 'in.bin' }))).toBe('')
  })
})
