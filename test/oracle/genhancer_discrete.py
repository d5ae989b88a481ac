# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2", "pillow==13.0.0"]
# ///
"""Both stages of GenHancer's training step with discrete latents, with the CLIP model of official_step.py, diffusers'
VQModel and a Perceiver in plain torch (networks.py), by torch's AdamW, two micro-batches a step, in float32; beside
test/parity/methods/genhancer-discrete.dcr, on whose draws it runs.

Its code is not published. The paper says: a Perceiver of six layers predicts the hidden indices of a frozen tokenizer
from the others and the class token, .5 to .9 of them hidden, by cross-entropy; all else is as with continuous latents.
That a query stands at each place, and that each picture counts alike, are our proposals.
"""

import torch
from diffusers import VQModel
from torch.nn import functional as F

from adapters import Clip
from both_stages import both_stages
from dcr import Projector, image_features, make_clip
from draws import key_of, normal
from fixture import FOLDER, random_start, write
from genhancer import MICRO, N, STAGES, STEPS
from networks import TokenPredictor
from official_step import TEXT, VISION
from runs import CLIP_MEAN, CLIP_STD, Draws, batch_of, load, load_pictures, normalized, pictures, save, start_linears

PLACES, CODES, WIDTH, HEADS = 16, 11, 12, 3
VQ = {
    "down_block_types": ["DownEncoderBlock2D"] * 3, "up_block_types": ["UpDecoderBlock2D"] * 3,
    "block_out_channels": (4, 4, 8), "layers_per_block": 1, "norm_num_groups": 2, "latent_channels": 3,
    "num_vq_embeddings": CODES, "vq_embed_dim": 5, "mid_block_add_attention": False,
}


class Run:
    seed, tower = 11, Clip

    def __init__(self):
        torch.manual_seed(61)
        self.clip = load("official/clip", make_clip(VISION, TEXT, 20).eval())
        self.vq = random_start(VQModel(**VQ).eval()).float()
        with torch.no_grad():
            self.vq.quantize.embedding.weight.copy_(torch.randn(CODES, 5))
        self.predictor = TokenPredictor(CODES, PLACES, WIDTH, HEADS, 6)
        self.proj = Projector(20, WIDTH)
        start_linears(self.seed, "predictor", self.predictor)
        start_linears(self.seed, "proj", self.proj)
        with torch.no_grad():
            for name, p in self.predictor.named_parameters():
                if "embedding" in name or name == "mask_token":
                    place = (key_of(self.seed, "init", "predictor", name), 0, 0)
                    p.copy_(torch.from_numpy(normal(tuple(p.shape), place, 0.0, 0.02)))
        self.stored = load_pictures()
        self.adapter = None
        self.clip.requires_grad_(False)
        self.vq.requires_grad_(False)

    def hidden(self, draws):
        """In each picture the places with the largest numbers: as many as its share says."""
        shares = draws.uniform("hidden/random_places/share", 0.5, 0.9)
        chances = draws.grid("hidden/random_places/chance", PLACES)
        hidden = torch.zeros(N, PLACES, dtype=torch.bool)
        for row, (share, chance) in enumerate(zip(shares, chances)):
            count = max(1, int(share * PLACES))
            hidden[row, torch.from_numpy(chance).argsort(descending=True)[:count]] = True
        return hidden

    def loss_of(self, stage, step, micro):
        draws = Draws(self.seed, N, stage, step, micro)
        image = pictures(draws, batch_of(self.seed, self.stored, N, MICRO, step, micro), 16)
        with torch.no_grad():
            ids = self.vq.quantize(self.vq.encode(2 * image - 1).latents)[2][2].reshape(N, PLACES)
        hidden = self.hidden(draws)
        if self.adapter is not None:
            self.adapter.draw(draws, "prediction/features")
        z = image_features(self.clip, normalized(image, CLIP_MEAN, CLIP_STD))
        logits = self.predictor(ids, hidden, self.proj(z))
        return torch.stack([F.cross_entropy(logits[i][hidden[i]], ids[i][hidden[i]]) for i in range(N)]).mean()


if __name__ == "__main__":
    torch.set_num_threads(1)
    run = Run()
    (FOLDER / "genhancer").mkdir(exist_ok=True)
    save("genhancer", "vq", run.vq)
    what = "GenHancer with discrete latents, 8 steps of 2 micro-batches of 3"
    facts, tensors = both_stages(run, ("predictor", "proj"), STAGES, MICRO, STEPS)
    write("genhancer-discrete", {"what": what, **facts}, tensors)
    print(facts)
