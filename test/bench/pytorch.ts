import { spawnSync } from 'node:child_process'

/** What `pytorch_step.py` prints. */
export interface PytorchMeasure {
  readonly torch: string
  readonly seconds_median: number
  readonly flops: number
  readonly sgemm_1024_flops_per_second: number
  readonly bytes_before: number
  readonly bytes_peak: number
}

/** The Python of `DCRC_PYTHON`, or `python3`, if it has what a script imports; else why not. */
export function findPython(
  script = 'import torch, numpy, safetensors, transformers, diffusers',
): { readonly python: string } | { readonly missing: string } {
  const python = process.env['DCRC_PYTHON'] ?? 'python3'
  const { status, stderr, error } = spawnSync(python, ['-c', script], { encoding: 'utf8' })
  if (status === 0) return { python }
  return { missing: `${python}: ${error?.message ?? stderr.trim().split('\n').at(-1) ?? 'failed'}` }
}

/** The same step in eager PyTorch, in a process of its own. */
export function pytorchStep(python: string, step: string, repeats: number, threads: number): PytorchMeasure {
  const { status, stdout, stderr } = spawnSync(
    python,
    ['test/bench/pytorch_step.py', '--step', step, '--repeats', `${repeats}`, '--threads', `${threads}`],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`pytorch_step.py --step ${step}: ${stderr}`)
  return JSON.parse(stdout) as PytorchMeasure
}
