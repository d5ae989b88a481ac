import { followsOracle } from './method-run.js'

/*
 * Aim: DCR on SigLIP, and the methods that the paper compares with, train as torch, transformers, diffusers and peft do
 * when they follow the description of the method: the pipelines of the repository with tiny models, run as a user runs
 * them.
 */
followsOracle('dcr-siglip', { align: 'adamw', enhance: 'adamw' })
followsOracle('diva', { tune: 'sgd' })
followsOracle('diva-metaclip', { tune: 'sgd' })
followsOracle('diva-siglip', { tune: 'sgd' })
followsOracle('un2clip', { enhance: 'adamw' })
followsOracle('genhancer', { generate: 'adamw', enhance: 'adamw' })
followsOracle('genhancer-siglip', { generate: 'adamw', enhance: 'adamw' })
followsOracle('genhancer-discrete', { generate: 'adamw', enhance: 'adamw' })
