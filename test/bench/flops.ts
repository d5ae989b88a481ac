import type { StagePlan } from '../../src/compiler/plan/report.js'

const products = ['MatMul', 'FusedMatMul', 'Gemm', 'Conv', 'ConvTranspose']

/** FLOPs of the matrix products and convolutions of a step, transposed ones included. */
export const productFlops = ({ updates }: StagePlan): number =>
  updates
    .flatMap(({ cost, times }) => cost.byOperator.map((c) => ({ ...c, flops: times * c.flops })))
    .filter((c) => products.includes(c.op))
    .reduce((sum, c) => sum + c.flops, 0)
