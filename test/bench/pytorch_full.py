# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2"]
# ///
"""Times optimizer steps of pipelines/dcr.dcr at its real size in PyTorch, in float32.

    python test/bench/pytorch_full.py enhance 2 2 2 [cpu | cuda] [eager | compiled]

The arguments are the stage, the pictures of a batch, how many steps and how many threads. Prints one JSON object. Weights
are random numbers: they change neither time nor memory. The empty prompt is read once, before the step, and its encoder
let go, as is the decoder of the autoencoder.
"""

import gc
import json
import sys
import time
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from peft import LoraConfig, get_peft_model
from transformers import CLIPTextConfig, CLIPTextModel, CLIPVisionConfig, CLIPVisionModelWithProjection

DEVICE, HOW = (sys.argv + [""] * 7)[5] or "cpu", (sys.argv + [""] * 7)[6] or "eager"
# what is made below lies there
torch.set_default_device(DEVICE)

sys.path.insert(0, str(Path(__file__).parent.parent / "oracle"))
from dcr import Projector, dcr_loss_batched, noised, pairs_of  # noqa: E402
from pytorch_step import augment  # noqa: E402

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711])[:, None, None]
TAU = 0.1


def resident(key):
    """VmRSS, what is resident now, or VmHWM, the most so far, in bytes."""
    line = next(s for s in Path("/proc/self/status").read_text().splitlines() if s.startswith(key))
    return int(line.split()[1]) * 1024


def build(make):
    """A frozen model of random numbers."""
    with torch.device("meta"):
        model = make()
    model = model.to_empty(device=DEVICE).eval().requires_grad_(False)
    with torch.no_grad():
        for value in [*model.parameters(), *(b for b in model.buffers() if b.dtype.is_floating_point)]:
            value.uniform_(-0.02, 0.02)
        for name, value in model.named_buffers():
            if name.endswith("position_ids"):
                value.copy_(torch.arange(value.shape[-1]))
    return model


def vision():
    config = CLIPVisionConfig(
        hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, patch_size=14,
        image_size=224, projection_dim=768,
    )
    return CLIPVisionModelWithProjection(config)


def text():
    config = CLIPTextConfig(
        hidden_size=1024, intermediate_size=4096, num_hidden_layers=23, num_attention_heads=16, hidden_act="gelu",
    )
    return CLIPTextModel(config)


def autoencoder():
    down, up = ["DownEncoderBlock2D"] * 4, ["UpDecoderBlock2D"] * 4
    return AutoencoderKL(
        down_block_types=down, up_block_types=up, block_out_channels=[128, 256, 512, 512], layers_per_block=2,
    )


def denoiser():
    return UNet2DConditionModel(
        cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True,
    )


class Step:
    def __init__(self, stage, batch):
        torch.manual_seed(0)
        self.batch = batch
        reader = build(text)
        ids = torch.tensor([[49406, 49407] + [0] * 75])
        with torch.no_grad():
            self.prompt = reader(input_ids=ids).last_hidden_state
        del reader
        self.clip, self.unet, self.vae = build(vision), build(denoiser), build(autoencoder)
        del self.vae.decoder
        self.proj = build(lambda: Projector(768, 1024))
        self.trains_clip = stage == "enhance"
        if self.trains_clip:
            layers = "q_proj k_proj v_proj out_proj fc1 fc2 visual_projection".split()
            config = LoraConfig(r=16, lora_alpha=16, lora_dropout=0.1, target_modules=layers, bias="lora_only")
            self.clip = get_peft_model(self.clip, config).train()
        else:
            self.proj.requires_grad_(True)
        model = self.clip if self.trains_clip else self.proj
        if HOW == "compiled":
            for part in (self.clip, self.unet, self.vae.encoder):
                part.compile()
        self.trained = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=1e-5, weight_decay=0.01)

    def features(self, image):
        with torch.set_grad_enabled(self.trains_clip):
            return self.clip(pixel_values=(image - MEAN) / STD).image_embeds

    def run(self):
        image = torch.rand(self.batch, 3, 224, 224)
        with torch.no_grad():
            latent = 0.18215 * self.vae.encode(2 * image - 1).latent_dist.sample()
        t, eps = torch.randint(0, 1000, (self.batch,)), torch.randn_like(latent)
        noisy, _ = noised(latent, eps, t)
        c = self.proj(self.features(image))[:, None] + self.prompt
        c_plus = self.proj(self.features(augment(image)))[:, None] + self.prompt
        pairs = pairs_of(self.unet, noisy, t, c)
        positive = self.unet(noisy, t, c_plus).sample
        loss = dcr_loss_batched(pairs, positive, eps, TAU)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        return loss.item()


def main():
    stage, batch, steps, threads = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_num_threads(threads)
    before = resident("VmRSS")
    step = Step(stage, batch)
    gc.collect()
    if DEVICE == "cpu":
        # Writing 5 sets the peak to what is resident now.
        Path("/proc/self/clear_refs").write_text("5")
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        # the loss is read, so the device has ended
        step.run()
        seconds.append(time.perf_counter() - start)
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "trained": sum(p.numel() for p in step.trained),
                "seconds": seconds,
                "bytes_before": before if DEVICE == "cpu" else 0,
                "bytes_peak": resident("VmHWM") if DEVICE == "cpu" else torch.cuda.max_memory_allocated(),
            }
        )
    )


if __name__ == "__main__":
    main()
