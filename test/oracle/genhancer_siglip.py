# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2", "pillow==13.0.0"]
# ///
"""Both stages of GenHancer's training step (genhancer.py) on transformers' SigLIP, with a smaller denoiser; beside
test/parity/methods/genhancer-siglip.dcr. As in the published code the features are those of the attention-pooling head,
pictures are normalised by SigLIP's own numbers, and the adapter's layers are chosen by their names.

The angles of diffusers' embeddings have errors of float32 of up to 1e-4 at 1000, which AdamW makes steps of where a
gradient is near 0: guidance is .25 here, and eps 1e-6 in both stages. With guidance 1, eps 1e-8 and twice the width, single
weights ended up to 8e-4 away from those of the same run with everything, the angles too, in float64.
"""

import torch

from adapters import Siglip
from both_stages import both_stages
from diva_backbones import make_siglip
from fixture import write
from genhancer import MICRO, PARTS, STAGES as ON_CLIP, Run as OnClip, make_vae
from runs import load, normalized

STEPS = 6
STAGES = {**ON_CLIP, "generate": (5e-3, 0.3, 1e-6)}
MEAN = STD = (0.5, 0.5, 0.5)


class Run(OnClip):
    seed, tower, heads, single_layers, guidance = 15, Siglip, 1, 1, 0.25

    def encode(self, image):
        return self.clip.vision_model(pixel_values=normalized(image, MEAN, STD)).pooler_output


if __name__ == "__main__":
    torch.set_num_threads(1)
    run = Run(load("diva/siglip", make_siglip()), 24, load("genhancer/vae", make_vae()))
    facts, tensors = both_stages(run, PARTS, STAGES, MICRO, STEPS)
    write("genhancer-siglip", {"what": "GenHancer on SigLIP, 6 steps of 2 micro-batches of 3", **facts}, tensors)
    print(facts)
