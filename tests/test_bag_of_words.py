"""The auxiliary loss: the words of the translation from the hidden state alone; the training's own, not the model's."""

import numpy as np
import pytest

from s2s.model.backend import tf
from tests.test_trainer import SHAPE, batch_of, shared_trainer, trainer_of


def test_its_loss_by_hand():
    trainer, batch = trainer_of(dropout=0.0, bag_of_words=1.0), batch_of()
    batch.labels[-1] = 0  # PAD
    decoder = trainer.model.decoder
    decoder.output_bias.assign(np.linspace(-1, 1, 25))
    _, state = trainer.model(batch.source, batch.target, shape=SHAPE)
    kernel, table, bias = (np.asarray(w) for w in (trainer.bag.kernel, decoder.embedding, decoder.output_bias))
    expected, row_of_token = 0.0, [0, 1, 2, 3, 0, 1, 2, 3, 0]  # SHAPE.target: two steps of four rows, two of one
    for row, label in zip([*row_of_token, 0], batch.labels, strict=True):
        vector = np.concatenate([np.asarray(part)[row].ravel() for part in state])
        logits = vector @ kernel @ table.T + bias
        expected -= (logits[label] - np.log(np.exp(logits).sum())) if label else 0.0
    loss = trainer.bag.loss(state, decoder, tf.constant(batch.labels), SHAPE.target)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_it_is_learnt_and_the_logged_loss_is_that_of_the_decoder_alone():
    plain, trainer, batch = shared_trainer(), trainer_of(bag_of_words=1.0), batch_of()

    def bag_loss():
        _, state = trainer.model(batch.source, batch.target, shape=SHAPE)
        return float(trainer.bag.loss(state, trainer.model.decoder, tf.constant(batch.labels), SHAPE.target))

    before = bag_loss()
    for one in (plain, trainer):
        one.step(SHAPE, [batch], 0.01, 0)
    assert trainer.read_counters().loss == plain.read_counters().loss
    for step in range(30):
        trainer.step(SHAPE, [batch], 0.01, step)
    assert bag_loss() < 0.7 * before


def test_its_weights_are_in_the_checkpoint_and_not_in_what_translates():
    trainer = trainer_of(bag_of_words=0.3)
    assert trainer.averaged_weights().keys() == shared_trainer().averaged_weights().keys()
    kernels = [name for name in trainer.arrays() if "bag_of_words" in name]
    assert sorted(kernels) == [f"{kind}/bag_of_words/kernel" for kind in ("average", "first", "second", "weight")]
    # The weights of another run have none: the model begins with them.
    trainer.start_with({name: 0 * array for name, array in trainer.averaged_weights().items()})
    arrays = trainer.arrays()
    assert not arrays["weight/decoder/embedding"].any() and arrays["weight/bag_of_words/kernel"].any()
