# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.15.0", "numpy==2.4.6", "safetensors==0.8.0"]
# ///
"""What PyTorch makes of exports with states: the running statistics of batch normalizations, and a momentum encoder.
Two steps, the first one ours:

    npx tsx test/tools/export-fixture.ts states_export    # a run; its exports: fixtures/states_export/exported
    python test/oracle/states_export.py                   # loads these with load_state_dict and records what they compute
"""

import torch
from safetensors.torch import load_file
from torch import nn

from fixture import FOLDER, write

EXPORTED = FOLDER / "states_export" / "exported"


class Net(nn.Module):
    """Pictures [n, 2, 4, 4]: both batch normalizations in a row."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3, bias=False)
        self.bn = nn.BatchNorm2d(3)
        self.hidden = nn.Linear(12, 4, bias=False)
        self.norm = nn.BatchNorm1d(4, momentum=0.3)
        self.out = nn.Linear(4, 3)

    def forward(self, x):
        h = torch.relu(self.bn(self.conv(x))).flatten(1)
        return self.out(torch.tanh(self.norm(self.hidden(h))))


torch.manual_seed(3)
x = 1.0 + 2.0 * torch.randn(5, 2, 4, 4)
facts = {"what": "eval() of a model and its momentum encoder, as a run exported them, loaded by PyTorch"}
tensors = {"x": x}
for name in ("net", "teacher"):
    state = load_file(EXPORTED / name / "model.safetensors")
    # strictly, and once more as a bare dictionary that says which keys would be amiss
    net = Net()
    net.load_state_dict(state)
    missing, unexpected = Net().load_state_dict(state, strict=False)
    fresh = Net().state_dict()
    facts[name] = {
        "missing": missing,
        "unexpected": unexpected,
        "same types": all(value.dtype == fresh[key].dtype for key, value in state.items()),
        "batches": [int(net.bn.num_batches_tracked), int(net.norm.num_batches_tracked)],
    }
    with torch.no_grad():
        tensors[f"{name}/eval"] = net.double().eval()(x.double())
        # what it would be with the statistics that a new model begins with
        for norm in (net.bn, net.norm):
            norm.reset_running_stats()
        tensors[f"{name}/without"] = net(x.double())
write("states_export", facts, tensors)
