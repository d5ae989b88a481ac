# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0"]
# ///
"""Colours by Python's colorsys, affine maps by torch's affine_grid and grid_sample, and two layers of torch.nn."""

import colorsys
import math

import torch
import torch.nn.functional as F

from fixture import write

N, H, W = 3, 4, 5


def numbers(t):
    return t.tolist()


def hsv(pictures):
    pixels = pictures.permute(0, 2, 3, 1).reshape(-1, 3)
    turned = torch.tensor([colorsys.rgb_to_hsv(*p) for p in pixels.tolist()], dtype=torch.float64)
    return turned.reshape(N, H, W, 3).permute(0, 3, 1, 2)


def affine(pictures, angle, size, right, down):
    """Maps in pixels about the centre, brought to the coordinates in [-1, 1] that affine_grid takes."""
    to_pixels = torch.diag(torch.tensor([W / 2, H / 2, 1.0], dtype=torch.float64))
    thetas = []
    for a, s, r, d in zip(angle.tolist(), size.tolist(), right.tolist(), down.tolist()):
        forward = torch.tensor(
            [[s * math.cos(a), -s * math.sin(a), r * W], [s * math.sin(a), s * math.cos(a), d * H], [0, 0, 1]],
            dtype=torch.float64,
        )
        thetas.append((torch.linalg.inv(to_pixels) @ torch.linalg.inv(forward) @ to_pixels)[:2])
    grid = F.affine_grid(torch.stack(thetas), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, align_corners=False)


if __name__ == "__main__":
    torch.manual_seed(11)
    pictures = torch.rand(N, 3, H, W).double()
    pictures[0, :, 0] = pictures[0, :1, 0]  # grey pixels have no hue
    pictures[1, :, 0, 0] = 0.0
    angle, size = torch.tensor([0.4, -1.1, 2.5]).double(), torch.tensor([0.8, 1.3, 1.0]).double()
    right, down = torch.tensor([0.2, -0.1, 0.0]).double(), torch.tensor([0.0, 0.3, -0.25]).double()
    weight, bias = torch.randn(3, 2, 2, 2).double(), torch.randn(4).double()
    scale = torch.randn(W).double()
    spread = F.conv_transpose2d(
        torch.cat([pictures, pictures], 1)[:, :6], weight.repeat(2, 1, 1, 1), bias, stride=2, groups=2
    )
    write(
        "picture_maps",
        {
            "what": f"pictures [{N}, 3, {H}, {W}]: HSV, affine maps, ConvTranspose2d, RMSNorm",
            "pictures": numbers(pictures.float().double()),
            "hsv": numbers(hsv(pictures)),
            "angle": numbers(angle),
            "size": numbers(size),
            "right": numbers(right),
            "down": numbers(down),
            "affine": numbers(affine(pictures, angle, size, right, down)),
            "weight": numbers(weight.repeat(2, 1, 1, 1)),
            "bias": numbers(bias),
            "spread": numbers(spread),
            "scale": numbers(scale),
            "rms": numbers(F.rms_norm(pictures, (W,), scale, eps=1e-6)),
        },
    )
