# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "pillow==13.0.0"]
# ///
"""What a run of ours is given, for oracles that train beside it: the order of the pictures, all random numbers
(draws.py) and initial values. The pictures are cut pixel by pixel in Python (augment.py).
"""

import io
import math
import re
import tarfile

import numpy
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from augment import crop, planes
from draws import key_of, normal, randint, stream_order, uniform
from fixture import FOLDER, named

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class Draws:
    """The random numbers of one micro-batch of n pictures."""

    def __init__(self, seed, n, stage, step, micro):
        self.n = n
        self.place = lambda path: (key_of(seed, stage, path), step, micro)

    def uniform(self, path, low, high):
        return uniform((self.n,), self.place(path), low, high)

    def chance(self, path, low, high):
        return uniform((self.n, 1, 1, 1), self.place(path), low, high).reshape(self.n)

    def grid(self, path, width):
        return uniform((self.n, width), self.place(path), 0, 1)

    def normal(self, path, shape):
        return torch.from_numpy(normal(shape, self.place(path)))

    def integers(self, path, shape, high):
        return torch.from_numpy(randint(shape, self.place(path), 0, high))

    def words(self, path):
        return randint((2,), self.place(path), 0, 2**32)


def rows_of(pixels):
    """[3][h][w] as rows of triples."""
    return [[tuple(float(v) for v in pixels[:, y, x]) for x in range(pixels.shape[2])] for y in range(pixels.shape[1])]


def tensor(images):
    return torch.tensor(numpy.array([planes(image) for image in images]), dtype=torch.float32)


def window(draws, path, ratio_low, ratio_high):
    """Area, logarithm of the ratio, left and top of each picture's random window."""
    return zip(
        draws.uniform(f"{path}/area", 0.9, 1.0),
        draws.uniform(f"{path}/log_ratio", math.log(ratio_low), math.log(ratio_high)),
        draws.uniform(f"{path}/left", 0, 1),
        draws.uniform(f"{path}/top", 0, 1),
    )


def pictures(draws, stored, size):
    """The training pictures: a random window of each, resized."""
    windows = window(draws, "image/random_resized_crop", 3 / 4, 4 / 3)
    return tensor([crop(rows_of(p), *map(float, w), size=size) for p, w in zip(stored, windows)])


ARCHIVE = FOLDER / "official/pictures.tar"


def save_pictures(stored):
    """An archive as img2dataset writes it, but of PNG, which loses nothing."""
    with tarfile.open(ARCHIVE, "w", format=tarfile.USTAR_FORMAT) as archive:
        for k, picture in enumerate(stored):
            content = io.BytesIO()
            Image.fromarray(picture.permute(1, 2, 0).numpy()).save(content, "png")
            member = tarfile.TarInfo(f"{k:09d}.png")
            member.size = content.tell()
            content.seek(0)
            archive.addfile(member, content)


def load_pictures():
    """The pictures of the archive in its order, [n, 3, h, w] in bytes."""
    with tarfile.open(ARCHIVE) as archive:
        pixels = [numpy.array(Image.open(archive.extractfile(member))) for member in archive]
    return torch.from_numpy(numpy.stack(pixels)).permute(0, 3, 1, 2).contiguous()


def batch_of(seed, stored, n, micros, step, micro):
    """The stored pictures of a micro-batch, with values in [0, 1]."""
    first = ((step - 1) * micros + micro) * n
    count = len(stored)
    rows = [stream_order(seed, "cc3m", k // count, count)[k % count] for k in range(first, first + n)]
    return stored[rows].float() / 255


def normalized(image, mean, std):
    mean, std = (torch.tensor(v)[:, None, None] for v in (mean, std))
    return (image - mean) / std


def start_linear(seed, model, name, linear):
    """The initial values of a linear layer, torch's bounds with numbers of ours."""
    bound = 1 / math.sqrt(linear.in_features)
    with torch.no_grad():
        for key, p in linear.named_parameters():
            place = (key_of(seed, "init", model, f"{name}{key}"), 0, 0)
            p.copy_(torch.from_numpy(uniform(tuple(p.shape), place, -bound, bound)))


def start_linears(seed, model, module):
    """The same of all linear layers of a module."""
    for name, layer in module.named_modules():
        if isinstance(layer, torch.nn.Linear):
            start_linear(seed, model, f"{name}." if name else "", layer)


def save(folder, name, module):
    """Weights as a pipeline reads them, with all that a module holds."""
    tensors = {key: p.detach().contiguous().clone() for key, p in module.named_parameters()}
    save_file(tensors, FOLDER / folder / f"{name}.safetensors")


def load(path, module):
    """The inverse of `save`."""
    missing, unexpected = module.load_state_dict(load_file(FOLDER / f"{path}.safetensors"), strict=False)
    buffers = {name for name, _ in module.named_buffers()}
    assert set(missing) <= buffers and not unexpected, (missing, unexpected)
    return module


def train(parameters, optimizer, loss_of, steps, micros, scheduler=None, clip_norm=1.0):
    """Steps of `micros` passes each; `loss_of(step, micro)` is what is minimised, less the division by `micros`.

    Gives the losses and the norms of the gradients, the (clipped) gradients that the optimizer saw in its first step,
    and what was trained at the end. `least_moved` is the change of what changed least, as a share of its size.
    """
    start = {key: p.detach().clone() for key, p in parameters}
    losses, norms, first = [], [], {}
    for step in range(1, steps + 1):
        total = 0.0
        for micro in range(micros):
            loss = loss_of(step, micro)
            (loss / micros).backward()
            total += loss.item() / micros
        losses.append(total)
        norms.append(torch.nn.utils.clip_grad_norm_([p for _, p in parameters], clip_norm).item())
        first = first or {key: p.grad.clone() for key, p in parameters}
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        optimizer.zero_grad()
    end = {key: p.detach().clone() for key, p in parameters}
    reached = [key for key in end if not without_gradient(key)]
    moved = min(((end[key] - start[key]).abs().max() / end[key].abs().max()).item() for key in reached)
    return {"losses": losses, "grad_norms": norms, "least_moved": moved}, first, end


def without_gradient(name):
    """The bias of keys, where nothing normalises them: it shifts all scores of a query alike."""
    return re.search(r"k_proj\.bias$|^predictor\..*\.to_k\.bias$", name) is not None


def stage_tensors(stage, first, end):
    """What a fixture keeps of a stage. Where there is no gradient, AdamW makes steps of rounding errors."""
    reached = {key: value for key, value in end.items() if not without_gradient(key)}
    return {**named(f"{stage}/gradient", first.items()), **named(f"{stage}/end", reached.items())}
