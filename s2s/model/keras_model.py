"""A trained run as a Keras model of stock layers, for who wants to go on in Keras.

`s2s train` uses seq2seq.py instead, whose batches have no padding; the equations and the weights are the same.
"""

from typing import Any

from s2s.config import ModelConfig
from s2s.files import Arrays
from s2s.model.backend import keras


def keras_model(config: ModelConfig, weights: Arrays) -> Any:
    """A keras.Model with two inputs, `source` and `target`, and logits as its output.

    source: int32 [batch, steps], subwords in reading order (reversed if `model.reverse_source`), EOS included, padded with 0
    at the end.  target: int32 [batch, steps], from BOS on.  Logits: float32 [batch, steps, vocabulary], of the next subword.
    The output layer is a Dense of its own: trained on, it is no longer tied to the embeddings.

    Args:
        config: the run's section `model`.
        weights: the run's weights by name.
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    _, states = _stack(config, weights, "encoder", source, [None] * config.layers, mask=True)
    x, _ = _stack(config, weights, "decoder", target, states, mask=False)
    x = keras.layers.Dropout(config.dropout, name="output_dropout")(x)
    table = weights["decoder/embedding" if config.tie_output else "decoder/output_table"]
    narrow = keras.layers.Dense(config.embedding_size, use_bias=False, name="narrow")
    output = keras.layers.Dense(len(table), name="logits")
    model = keras.Model([source, target], output(narrow(x) if config.tie_output else x), name="s2s")
    if config.tie_output:
        narrow.set_weights([weights["decoder/narrow"]])
    output.set_weights([table.T, weights["decoder/output_bias"]])
    return model


def _stack(
    config: ModelConfig, weights: Arrays, side: str, ids: Any, states: list[Any], mask: bool
) -> tuple[Any, list[Any]]:
    """Embedding and LSTM layers of a side; returns the top layer's outputs, and h and c of every layer.

    Args:
        config: sizes of the network.
        weights: the run's weights by name.
        side: encoder or decoder.
        ids: [batch, steps].
        states: for each layer h and c to start from, or None for zeros.
        mask: whether PAD carries the state unchanged.
    """
    table = weights[f"{side}/embedding"]
    embedding = keras.layers.Embedding(*table.shape, mask_zero=mask, name=f"{side}_embedding")
    x = embedding(ids)
    embedding.set_weights([table])
    x = keras.layers.Rescaling(config.embedding_size**0.5, name=f"{side}_scale")(x)
    last = []
    for number in range(config.layers):
        lstm = keras.layers.LSTM(config.units, return_sequences=True, return_state=True, name=f"{side}_lstm_{number}")
        dropped = keras.layers.Dropout(config.dropout, name=f"{side}_dropout_{number}")(x)
        outputs, h, c = lstm(dropped, initial_state=states[number])
        lstm.set_weights([weights[f"{side}/stack/lstm_{number}/{name}"] for name in ("kernel", "recurrent", "bias")])
        x = outputs + x if config.residual and number else outputs
        last.append([h, c])
    return x, last
