import type { Span } from '../../diagnostics/diagnostic.js'
import type { JsonNode } from '../../json/read.js'

/** A scheduler_config.json of diffusers; keys that are not there have the defaults of its classes. */
export class Scheduler {
  private readonly members: ReadonlyMap<string, JsonNode>

  constructor(
    private readonly path: string,
    private readonly node: JsonNode,
  ) {
    this.members = node.kind === 'object' ? node.members : new Map()
  }

  placeOf(key: string): Span {
    const { start, end } = this.members.get(key) ?? { start: this.node.start, end: this.node.start + 1 }
    return { file: this.path, start, end }
  }

  /** What a network of this scheduler is trained to give, in the words of std.diffusion. */
  get target(): string | undefined {
    const type = this.value('prediction_type') ?? 'epsilon'
    return this.isFlow
      ? undefined
      : ({ epsilon: 'eps', v_prediction: 'velocity', sample: 'clean' }[String(type)] ?? String(type))
  }

  /** Source: diffusers, DDPMScheduler. Undefined for a schedule that std.diffusion does not have. */
  get betas(): readonly number[] | undefined {
    const trained = this.members.get('trained_betas')
    if (trained?.kind === 'array')
      return trained.items.map((b) => (b.kind === 'value' ? Number(b.value) : NaN))
    if (this.isFlow || this.value('rescale_betas_zero_snr') === true) return undefined
    const steps = Number(this.value('num_train_timesteps') ?? 1000)
    const [start, end] = [Number(this.value('beta_start') ?? 0.0001), Number(this.value('beta_end') ?? 0.02)]
    const line = (from: number, to: number): number[] =>
      Array.from({ length: steps }, (_, t) => from + ((to - from) * t) / (steps - 1))
    switch (this.value('beta_schedule') ?? 'linear') {
      case 'linear':
        return line(start, end)
      case 'scaled_linear':
        return line(Math.sqrt(start), Math.sqrt(end)).map((root) => root * root)
      case 'squaredcos_cap_v2': {
        const at = (t: number): number => Math.cos(((t / steps + 0.008) / 1.008) * (Math.PI / 2)) ** 2
        return Array.from({ length: steps }, (_, t) => Math.min(1 - at(t + 1) / at(t), 0.999))
      }
      default:
        return undefined
    }
  }

  private get isFlow(): boolean {
    return String(this.value('_class_name')).startsWith('FlowMatch')
  }

  private value(key: string): string | number | boolean | null | undefined {
    const node = this.members.get(key)
    return node?.kind === 'value' ? node.value : undefined
  }
}
