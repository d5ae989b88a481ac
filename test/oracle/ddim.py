# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""DDIM sampling (diffusers) with a denoiser simple enough to write in one line."""

import torch
from diffusers import DDIMScheduler

from fixture import write


def sample(prediction_type, count):
    torch.manual_seed(5)
    x = torch.randn(2, 3, 4, 4).double()
    scheduler = DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type=prediction_type,
        clip_sample=False,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
    )
    scheduler.alphas_cumprod = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2, 0)
    scheduler.set_timesteps(count)
    start = x.clone()
    for t in scheduler.timesteps:
        prediction = torch.tanh(x) * 0.5 + 0.1 * t.double() / 1000
        x = scheduler.step(prediction, t, x).prev_sample
    return {"times": scheduler.timesteps.tolist(), "start": start.tolist(), "end": x.tolist()}


if __name__ == "__main__":
    write(
        "ddim",
        {
            "what": "denoise(x, t) = tanh(x) / 2 + t / 10000; trailing times, last step to the clean picture",
            "eps": sample("epsilon", 20),
            "velocity": sample("v_prediction", 20),
            # 7 does not divide 1000: upstream then steps to times that are not the next ones; only the times are compared.
            "times_7": sample("v_prediction", 7)["times"],
        },
    )
