# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""A transformer block and a UNet block with cross attention: loss, gradients, 20 AdamW steps.

AdamW's eps is 1e-5 here: in exact arithmetic some gradients are 0 (a bias of keys shifts every score of a query alike),
and the default 1e-8 would turn float32 noise in them into full steps. With 1e-5 PyTorch's own float32 run ends within
2e-5 of this one in float64.
"""

import torch
from diffusers.models.unets.unet_2d_blocks import CrossAttnDownBlock2D
from transformers import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPEncoderLayer

from fixture import random_start, train, weights, write

OPTIMIZER = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-5, "weight_decay": 0.01}
STEPS = 20


def f64(*shape):
    return torch.randn(*shape).double()


def transformer_block():
    torch.manual_seed(1)
    config = CLIPTextConfig(hidden_size=32, intermediate_size=64, num_attention_heads=4, hidden_act="quick_gelu")
    config._attn_implementation = "eager"
    block = random_start(CLIPEncoderLayer(config))
    x, target = f64(3, 7, 32), f64(3, 7, 32)
    mask = torch.full((7, 7), float("-inf"), dtype=torch.float64).triu(1)[None, None]

    def loss():
        y = block(x, attention_mask=mask)
        y = y[0] if isinstance(y, tuple) else y
        return (y - target).square().mean()

    start = weights("start", block)
    losses, first = train(block, loss, STEPS, **OPTIMIZER)
    write(
        "transformer_block",
        {"what": "CLIPEncoderLayer, causal, width 32, 4 heads, MLP 64", "optimizer": OPTIMIZER, "losses": losses},
        {"input/x": x, "input/target": target, **start, **first, **weights("end", block)},
    )


def unet_block():
    torch.manual_seed(2)
    block = CrossAttnDownBlock2D(
        in_channels=8,
        out_channels=16,
        temb_channels=32,
        num_layers=1,
        resnet_groups=4,
        num_attention_heads=2,
        cross_attention_dim=12,
        use_linear_projection=True,
        attention_type="default",
    )
    block = random_start(block.eval())
    x, time, context, target = f64(2, 8, 7, 5), f64(2, 32), f64(2, 3, 12), f64(2, 16, 4, 3)

    def loss():
        y, skips = block(x, time, context)
        return (y - target).square().mean() + skips[0].square().mean()

    start = weights("start", block)
    losses, first = train(block, loss, STEPS, **OPTIMIZER)
    write(
        "unet_block",
        {"what": "CrossAttnDownBlock2D 8 to 16 channels, 7 x 5 to 4 x 3", "optimizer": OPTIMIZER, "losses": losses},
        {
            **{"input/x": x, "input/time": time, "input/context": context, "input/target": target},
            **start,
            **first,
            **weights("end", block),
        },
    )


if __name__ == "__main__":
    transformer_block()
    unet_block()
