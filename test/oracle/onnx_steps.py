# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.7.1", "torchvision==0.22.1", "timm==1.0.31", "onnx==1.18.0", "safetensors==0.6.2"]
# ///
"""A step of real architectures, imported from ONNX files, against PyTorch's: the gradient of every weight, one by one.

    npm run build && python test/oracle/onnx_steps.py [NAME ...]

Models are exported as they are, in evaluation mode and without folding, so that weights keep their names; the step
is the gradient times the rate. For each: the largest difference of a gradient from PyTorch's in float64, relative to the
largest gradient of that weight, and that of PyTorch's own float32 beside it. Nothing is written but to a temporary folder.
"""

import copy
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import timm
import torch
import torchvision.models as tv
from safetensors.torch import load_file, save_file
from torch import nn

warnings.filterwarnings("ignore")
MAIN = Path(__file__).parents[2] / "dist" / "cli" / "main.js"
IMAGE = (2, 3, 64, 64)
# so large that rounding the weight behind the step takes nothing of a gradient that is small beside it
RATE = 2**40


def encoder():
    layer = nn.TransformerEncoderLayer(16, 2, 32, 0.0, "gelu", batch_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


MODELS = {
    "resnet18": (lambda: tv.resnet18(num_classes=10), IMAGE),
    "densenet121": (lambda: tv.densenet121(num_classes=10), IMAGE),
    "mobilenet_v3": (lambda: tv.mobilenet_v3_small(num_classes=10), IMAGE),
    "efficientnet_b0": (lambda: tv.efficientnet_b0(num_classes=10), IMAGE),
    "shufflenet_v2": (lambda: tv.shufflenet_v2_x0_5(num_classes=10), IMAGE),
    "regnet_y_400mf": (lambda: tv.regnet_y_400mf(num_classes=10), IMAGE),
    "vit": (lambda: tv.VisionTransformer(64, 16, 2, 4, 48, 96, num_classes=10), IMAGE),
    "swin": (lambda: tv.SwinTransformer([4, 4], 24, [2, 2], [2, 4], [4, 4], num_classes=10), IMAGE),
    "convnext_atto": (lambda: timm.create_model("convnext_atto", num_classes=10), IMAGE),
    "transformer_encoder": (encoder, (3, 7, 16)),
}

PIPELINE = """module Inputs {{
  x: float[{shape}] = zeros
  fn forward() = x
}}
pipeline p {{
  model net = onnx("net.onnx")
  model inputs = Inputs() from "x.safetensors"
  let out = net(inputs.x)
  stage s {{
    train net
    minimize mean(square(out)) + mean(out)
    optimizer sgd(lr = {rate}.0)
    steps 1
  }}
  export net
}}
"""


def gradients(model, x):
    out = model(x)
    (out.square().mean() + out.mean()).backward()
    return {name: p.grad.double() for name, p in model.named_parameters() if p.grad is not None}


def step(model, x, folder):
    torch.onnx.export(
        model, (x,), folder / "net.onnx", dynamo=False, opset_version=17, input_names=["x"], output_names=["y"],
        do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE,
    )
    save_file({"x": x}, folder / "x.safetensors")
    (folder / "p.dcr").write_text(PIPELINE.format(shape=", ".join(map(str, x.shape)), rate=RATE))
    ran = subprocess.run(["node", MAIN, "run", "p.dcr", "--run-dir", "run"], cwd=folder, capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(ran.stdout + ran.stderr)
    return load_file(folder / "run" / "export" / "net" / "model.safetensors")


def farthest(found, wanted):
    return max(((found[k] - g).abs().max() / g.abs().max().clamp_min(1e-12)).item() for k, g in wanted.items())


def main(names):
    print(f"{'':20} weights  step       PyTorch in f32")
    for name in names or MODELS:
        make, shape = MODELS[name]
        torch.manual_seed(0)
        model = make().eval()
        with torch.no_grad():
            # the exporter merges weights that are equal, such as those that normalizations begin with
            for p in [*model.parameters(), *model.buffers()]:
                if p.ndim == 1 and p.is_floating_point():
                    p.add_(torch.rand_like(p) * 0.1)
                elif p.is_floating_point():
                    p.mul_(1 + 0.1 * torch.rand_like(p)) if p.any() else p.normal_(std=0.1)
        x = torch.randn(shape)
        exact = gradients(copy.deepcopy(model).double(), x.double())
        # a weight whose gradient is 0 but for rounding, such as the bias of keys, says nothing relative to itself
        largest = max(g.abs().max() for g in exact.values())
        exact = {k: g for k, g in exact.items() if g.abs().max() > 1e-9 * largest}
        own = gradients(copy.deepcopy(model), x)
        before = {k: v.double() for k, v in model.state_dict().items()}
        with tempfile.TemporaryDirectory() as folder:
            after = step(model, x, Path(folder))
        moved = {k: (before[k] - v.double()) / RATE for k, v in after.items() if k in exact}
        wanted = {k: g for k, g in exact.items() if k in moved}
        print(f"{name:20} {len(wanted):3}/{len(exact):3}  {farthest(moved, wanted):.1e}    {farthest(own, wanted):.1e}")


main(sys.argv[1:])
