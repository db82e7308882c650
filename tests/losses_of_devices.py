"""Train 20 steps of a tiny model and print the losses as JSON: `losses_of_devices.py mirrored|multi_worker`.

A program, since a process can set up its devices only once; `train_on("none")` needs none of its own.
"""

import json
import sys

import numpy as np

from s2s.config import Config, ModelConfig, TrainingConfig
from s2s.data.packing import Batch, BatchShape
from s2s.data_config import DataConfig
from s2s.model.backend import tf
from s2s.training.devices import Devices
from s2s.training.loop import make_trainer

SHAPE = BatchShape(((4, 6), (2, 3)), ((3, 6), (2, 4)), (0, 2, 1, 3, 5, 4))


def train_on(kind):
    """The losses, and whether this process is the chief; `kind` as of `training.distribute`."""
    if kind == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        # Without a GPU the strategy would take one CPU.
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        tf.distribute.MirroredStrategy = lambda: strategy
    devices = Devices(kind, micro_batches=4)
    assert devices.count == (1 if kind == "none" else 2)
    training = TrainingConfig(micro_batches=4, distribute=kind, precision="float32", weight_decay=0.0)
    model = ModelConfig(units=12, embedding_size=8, dropout=0.3)
    trainer = make_trainer(Config("run", DataConfig(("a",), "c"), 5, model=model, training=training), (30, 25), devices)
    random, losses = np.random.default_rng(1), []
    for step in range(20):
        sizes = [sum(steps * rows for steps, rows in side) for side in (SHAPE.source, SHAPE.target, SHAPE.target)]
        ids = [[random.integers(4, 25, size) * (random.random(size) < 0.9) for size in sizes] for _ in range(4)]
        trainer.step(SHAPE, [Batch(*(side.astype(np.int32) for side in part)) for part in ids], 0.01, step)
        losses.append(trainer.read_counters().loss)
        # The values of the other processes do not count.
        assert devices.broadcast(0.5 if devices.chief else 0.1, devices.chief) == [0.5, True]
    return {"losses": losses, "chief": devices.chief}


if __name__ == "__main__":
    print(json.dumps(train_on(sys.argv[1])))
