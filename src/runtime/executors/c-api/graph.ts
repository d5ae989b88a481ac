import type { GraphSpec } from '../../../artefact/graphs.js'
import type { SessionSettings } from '../../session.js'
import type { Feed, HostGraph, Input, Output, Results } from '../executor.js'
import { told } from '../told.js'
import type { Library } from './library.js'
import { Session } from './session.js'
import { OrtTensor } from './tensor.js'

/** A graph whose results, of whatever shapes they turn out to be, are copied out of onnxruntime. */
export class CApiGraph implements HostGraph {
  private constructor(
    readonly spec: GraphSpec,
    private readonly session: Session,
  ) {}

  static async load(
    library: Library,
    spec: GraphSpec,
    model: Uint8Array,
    settings: SessionSettings,
  ): Promise<CApiGraph> {
    return new CApiGraph(spec, await Session.create(library, spec, model, settings))
  }

  async run(feed: Feed, wanted: readonly Output[] = this.spec.outputs): Promise<Results> {
    const { library, pointer } = this.session
    const fed = this.spec.inputs.flatMap((input): [Input, OrtTensor][] => {
      const tensor = feed(input)
      return tensor ? [[input, OrtTensor.around(library, tensor)]] : []
    })
    const made = new BigUint64Array(wanted.length)
    try {
      await told(this.spec, () =>
        library.call(
          'Run',
          pointer,
          null,
          fed.map(([{ name }]) => name),
          BigUint64Array.from(fed, ([, tensor]) => tensor.pointer),
          fed.length,
          wanted.map(({ name }) => name),
          wanted.length,
          made,
        ),
      )
    } finally {
      for (const [, tensor] of fed) tensor.release()
    }
    return new Map(
      wanted.map((output, k) => {
        const tensor = OrtTensor.made(library, made[k] ?? 0n)
        const values = tensor.read()
        tensor.release()
        return [output, values]
      }),
    )
  }

  async release(): Promise<void> {
    this.session.release()
  }
}
