# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""DDIM and DDPM sampling (diffusers), state by state, with a denoiser simple enough to write in one line and with
given noise."""

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from diffusers.schedulers import scheduling_ddpm

from fixture import write

SHAPE = (2, 1, 2, 3)


def scheduled(kind, steps, target, count, **settings):
    scheduler = kind(
        num_train_timesteps=steps,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type={"eps": "epsilon", "velocity": "v_prediction", "clean": "sample"}[target],
        clip_sample=False,
        timestep_spacing="trailing",
        **settings,
    )
    scheduler.betas = torch.linspace(0.00085**0.5, 0.012**0.5, steps, dtype=torch.float64) ** 2
    scheduler.alphas = 1 - scheduler.betas
    scheduler.alphas_cumprod = torch.cumprod(scheduler.alphas, 0)
    scheduler.one = torch.tensor(1.0, dtype=torch.float64)
    scheduler.set_timesteps(count)
    return scheduler


def sampled(scheduler, target):
    torch.manual_seed(5)
    x = torch.randn(SHAPE).double()
    found = {"target": target, "times": scheduler.timesteps.tolist(), "start": x.tolist(), "states": []}
    for t in scheduler.timesteps:
        prediction = torch.tanh(x) * 0.5 + 0.1 * t.double() / 1000
        x = scheduler.step(prediction, t, x).prev_sample
        found["states"].append(x.tolist())
    return found


def ddim(target, count):
    return sampled(scheduled(DDIMScheduler, 1000, target, count, set_alpha_to_one=True), target)


def ddpm(target, steps, count, variance):
    """The noise of each step is recorded in order; upstream draws none at t = 0."""
    torch.manual_seed(6)
    noise = [torch.randn(SHAPE).double() for _ in range(count)]
    left = iter(noise)
    scheduling_ddpm.randn_tensor = lambda shape, **_: next(left)
    scheduler = scheduled(DDPMScheduler, steps, target, count, variance_type={"beta": "fixed_large", "posterior": "fixed_small"}[variance])
    return {**sampled(scheduler, target), "steps": steps, "variance": variance, "noise": [n.tolist() for n in noise]}


if __name__ == "__main__":
    write(
        "samplers",
        {
            "what": "denoise(x, t) = tanh(x) / 2 + t / 10000; trailing times, last step to the clean picture",
            "ddim": [ddim("eps", 20), ddim("velocity", 20), ddim("clean", 20)],
            # 7 does not divide 1000: upstream then steps to times that are not the next ones; only the times are compared.
            "times_7": ddim("velocity", 7)["times"],
            # Upstream's last step adds noise where it starts at a time above 0, with the variance of beta; Ho et al. add none.
            "ddpm": [
                ddpm("eps", 25, 25, "beta"),
                ddpm("velocity", 25, 25, "posterior"),
                ddpm("eps", 1000, 20, "posterior"),
                ddpm("clean", 25, 25, "posterior"),
            ],
        },
    )
