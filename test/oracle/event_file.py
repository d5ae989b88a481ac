# /// script
# requires-python = ">=3.10"
# dependencies = ["tensorboard==2.21.0", "setuptools<81"]
# ///
"""An event file as TensorBoard's own writer makes it, and a check that TensorBoard reads a file of a run:
`python event_file.py FILE` prints the scalars and the hyperparameters of FILE."""

import base64
import io
import json
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

# What the test writes too: seconds, step, and values by tag.
STEPS = [
    (1000.5, 1, {"align/loss": 2.25, "align/lr": 0.0010000000474974513, "align/grad_norm": 0.5,
                 "align/monitor/conflict": -0.75, "align/step_ms": 12.5, "align/data_ms": 0.0}),
    (1001.25, 300, {"enhance/loss": 1e-3, "enhance/lr/group_0": 0.5, "enhance/lr/group_1": 0.25,
                    "enhance/step_ms": 20.0, "enhance/data_ms": 1.0}),
]
PARAMS = {"deep": True, "kinds": "[1,2]", "lr": 0.5, "name": "x"}


def params():
    info = plugin_data_pb2.SessionStartInfo(start_time_secs=1000.25)
    for name, value in PARAMS.items():
        kind = "bool_value" if isinstance(value, bool) else "string_value" if isinstance(value, str) else "number_value"
        setattr(info.hparams[name], kind, value)
    data = plugin_data_pb2.HParamsPluginData(session_start_info=info)
    content = data.SerializeToString(deterministic=True)
    about = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData())
    about.plugin_data.content = content
    return Summary(value=[Summary.Value(tag=metadata.SESSION_START_INFO_TAG, metadata=about)])


def file():
    stream = io.BytesIO()
    writer = RecordWriter(stream)
    writer.write(Event(wall_time=1000.0, file_version="brain.Event:2").SerializeToString())
    writer.write(Event(wall_time=1000.25, step=0, summary=params()).SerializeToString())
    for seconds, step, values in STEPS:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=v) for tag, v in values.items()])
        writer.write(Event(wall_time=seconds, step=step, summary=summary).SerializeToString())
    return stream.getvalue()


if len(sys.argv) > 1:
    for event in LegacyEventFileLoader(sys.argv[1]).Load():
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == metadata.PLUGIN_NAME:
                info = metadata.parse_session_start_info_plugin_data(value.metadata.plugin_data.content)
                for name in sorted(info.hparams):
                    print(name, info.hparams[name])
            else:
                print(event.step, value.tag, value.simple_value)
else:
    target = Path(__file__).parent / "fixtures" / "tensorboard.json"
    target.write_text(json.dumps({"file": base64.b64encode(file()).decode()}) + "\n")
