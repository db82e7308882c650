"""The training step: AdamW against Keras' own, precisions, ways of compiling; nothing is compiled twice."""

from functools import partial

import numpy as np
import pytest

from s2s.config import Config, ModelConfig, TrainingConfig
from s2s.data.packing import Batch, BatchShape, pack
from s2s.data.tokenizer import PAD
from s2s.data_config import DataConfig
from s2s.model.backend import keras, tf
from s2s.model.keras_model import keras_model
from s2s.model.loss import cross_entropy
from s2s.training.devices import Devices
from s2s.training.loop import make_trainer
from tests.conftest import python, trainer_as_new

SHAPE = BatchShape(((3, 4), (1, 2)), ((2, 4), (2, 1)), (2, 0, 3, 1))


def config_of(dropout=0.2, tie_output=True, **options):
    """Of a tiny network."""
    # The recipe on which the numbers below depend; the defaults may change.
    recipe = {"label_smoothing": 0.1, "precision": "float32", "weight_decay": 0.0}
    model = ModelConfig(units=12, embedding_size=8, dropout=dropout, tie_output=tie_output)
    return Config("run", DataConfig(("a",), "c"), seed=5, model=model, training=TrainingConfig(**(recipe | options)))


def trainer_of(make=make_trainer, **options):
    """A new trainer of the tiny network."""
    config = config_of(**options)
    return make(config, (30, 25), Devices("none", config.training.micro_batches))


def shared_trainer(**options):
    """A trainer as new, that is compiled once for all tests with these options."""
    return trainer_of(partial(trainer_as_new, make_trainer), **options)


def batch_of(seed=0, shape=SHAPE):
    random = np.random.default_rng(seed)
    sides = shape.source, shape.target, shape.target
    return Batch(*(random.integers(4, 25, sum(s * r for s, r in side)).astype(np.int32) for side in sides))


@pytest.mark.slow
def test_what_is_compiled_ahead_is_what_a_step_needs(tmp_path):
    program = (
        "import os; from tests.test_trainer import *\n"
        f"programs = lambda: len(os.listdir({str(tmp_path)!r}))\n"
        "trainer = trainer_of()\n"
        "trainer.compile_ahead([SHAPE], lambda: True)\n"
        "assert programs() == 1\n"
        "trainer.compile_ahead([SHAPE], lambda: False)\n"
        "before = programs(); trainer.step(SHAPE, [batch_of()], 0.01, 0)\n"
        "print(before, programs() - before, trainer._step.experimental_get_tracing_count())"
    )
    process = python("-c", program, check=0, env={"TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={tmp_path}"})
    # Cells and their gradients of 4, 2 and 1 rows; dropout of 14 and 10 tokens of either size; one softmax.
    assert process.stdout.split() == [b"11", b"1", b"1"]  # a step compiles the update


def losses(trainer, steps=3, rate=0.01):
    seen = []
    for step in range(steps):
        trainer.step(SHAPE, [batch_of(step)], rate, step)
        seen.append(trainer.read_counters().loss)
    return seen


def weights_and_averages(arrays):
    return {name: array for name, array in arrays.items() if name.startswith(("weight", "average"))}


def assert_near(one, other, tolerance):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=tolerance, err_msg=name)


@pytest.fixture(scope="module")
def plain():
    """The losses of three steps in float32, compiled in parts, and the arrays after them."""
    trainer = shared_trainer()
    return losses(trainer), trainer.arrays()


@pytest.mark.slow
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_a_step_is_that_of_adamw_of_keras(decay):
    trainer = trainer_of(dropout=0.0, weight_decay=decay, clip_norm=0.05)
    theirs = trainer_of(dropout=0.0).model
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=decay, epsilon=1e-8, global_clipnorm=0.05)
    decoder = theirs.decoder
    for step in range(3):
        batch = batch_of(step)
        with tf.GradientTape() as tape:
            features = theirs(batch.source, batch.target, shape=SHAPE)
            bias, weight = tf.convert_to_tensor(decoder.output_bias), tf.constant(1.0 / len(batch.labels))
            loss, _ = cross_entropy(features, decoder.output_weights, bias, batch.labels, 0.1, weight)
        gradients = tape.gradient(loss, [variable.value for variable in theirs.trainable_variables])
        optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], theirs.trainable_variables)
        trainer.step(SHAPE, [batch], 0.01, step)
    for mine, their in zip(trainer.weights, theirs.trainable_variables, strict=True):
        np.testing.assert_allclose(mine, their.value, atol=2e-6)


@pytest.mark.slow
def test_two_hundred_steps_are_those_of_keras_layers():
    shape = BatchShape(((2, 6), (3, 4), (1, 2)), ((1, 6), (3, 5), (2, 1)), (5, 0, 3, 1, 4, 2))
    longest = [6, 6, 5, 5, 2, 2], [6, 4, 4, 4, 4, 1]
    trainer = trainer_of(dropout=0.0, tie_output=False, label_smoothing=0.1, clip_norm=1.0)
    model = keras_model(trainer.model.config, trainer.averaged_weights())
    optimizer = keras.optimizers.AdamW(0.005, weight_decay=0.0, epsilon=1e-8, global_clipnorm=1.0)

    @tf.function
    def step_of_keras(source, target, labels):
        with tf.GradientTape() as tape:
            log_p = tf.nn.log_softmax(model([source, target], training=True))
            right = tf.gather(log_p, labels, batch_dims=2)
            real = tf.cast(labels != PAD, tf.float32)
            tokens = tf.reduce_sum(real)
            loss = -tf.reduce_sum(real * (0.9 * right + 0.1 * tf.reduce_mean(log_p, -1))) / tokens
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return -tf.reduce_sum(real * right) / tokens

    def padded(rows, length):
        return np.array([[*row, *[PAD] * (length - len(row))] for row in rows], np.int32)

    random, mine, theirs = np.random.default_rng(0), [], []
    for step in range(200):
        # Some rows are shorter than they may be; what comes out is a function of what went in, so it can be learnt.
        sources, targets = ([random.integers(4, 25, random.integers(1, most + 1)) for most in side] for side in longest)
        labels = [(target + 1) % 20 + 4 for target in targets]
        batch = Batch(
            pack(sources, shape.source, padding_first=True), pack(targets, shape.target), pack(labels, shape.target)
        )
        trainer.step(shape, [batch], 0.005, step)
        mine.append(trainer.read_counters().loss)
        in_order = [sources[row] for row in shape.order]
        theirs.append(step_of_keras(padded(in_order, 6), padded(targets, 6), padded(labels, 6)).numpy())
    assert mine[-1] < 1.0 < 3.0 < mine[0]
    np.testing.assert_allclose(mine, theirs, atol=1e-3)


@pytest.mark.slow
def test_the_average_follows_the_weights():
    trainer, decay = trainer_of(average_decay=0.15), [0.1, 0.15, 0.15]
    expected = [weight.numpy() for weight in trainer.weights]
    for step in range(3):
        trainer.step(SHAPE, [batch_of(step)], 0.01, step)
        expected = [
            decay[step] * old + (1 - decay[step]) * new.numpy()
            for old, new in zip(expected, trainer.weights, strict=True)
        ]
    for mine, theirs in zip(trainer.averages, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


@pytest.mark.slow
def test_how_it_is_compiled_does_not_change_the_result(plain):
    seen, arrays = plain
    whole = trainer_of(compile="xla")
    whole.compile_ahead([SHAPE], pytest.fail)  # has nothing to do
    np.testing.assert_allclose(losses(whole), seen, atol=1e-5)
    # Where a gradient is next to nothing Adam makes a step of its sign: up to three steps of 0.01.
    assert_near(weights_and_averages(whole.arrays()), weights_and_averages(arrays), 3e-3)


@pytest.mark.parametrize("tie_output", [pytest.param(True, marks=pytest.mark.slow), False])
def test_a_batch_is_learnt_by_heart(tie_output):
    trainer, batch = trainer_of(dropout=0.0, label_smoothing=0.0, tie_output=tie_output), batch_of()
    for step in range(150):
        trainer.step(SHAPE, [batch], 0.02, step)
        if step == 0:
            before = trainer.read_counters().loss
    trainer.read_counters()
    trainer.step(SHAPE, [batch], 0.02, 150)
    # Guessing among 25 subwords has a loss of 3.2.
    assert before > 3.0
    assert trainer.read_counters().loss < 0.3
    assert trainer.evaluate([(SHAPE, batch)]) < 0.3


@pytest.mark.slow
def test_the_same_step_twice_is_the_same(plain):
    again = trainer_of()
    assert losses(again) == plain[0]
    assert all((a == b).all() for a, b in zip(again.arrays().values(), plain[1].values(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("precision, tolerance", [("bfloat16", 0.02), ("float16", 0.005)])
def test_shorter_types_stay_close(plain, precision, tolerance):
    trainer = shared_trainer(precision=precision)
    seen = losses(trainer)
    np.testing.assert_allclose(seen, plain[0], atol=tolerance)
    assert trainer.model.encoder.compute == precision and seen != plain[0]
    assert all(array.dtype == np.float32 for array in trainer.arrays().values())


@pytest.mark.slow
def test_float16_skips_a_step_that_overflows_and_halves_the_scale():
    trainer = shared_trainer(precision="float16")
    trainer.scale.assign(2.0**30)
    before = weights_and_averages(trainer.arrays())
    trainer.step(SHAPE, [batch_of()], 0.01, 0)
    assert_near(weights_and_averages(trainer.arrays()), before, 0.0)
    assert trainer.scale.numpy() == 2.0**29
    trainer.scale.assign(2.0**10)
    trainer.good_steps.assign(1999.0)
    trainer.step(SHAPE, [batch_of()], 0.01, 1)
    assert trainer.scale.numpy() == 2.0**11 and trainer.good_steps.numpy() == 0.0
    assert any((before[name] != array).any() for name, array in weights_and_averages(trainer.arrays()).items())


@pytest.mark.slow
def test_a_step_that_is_not_finite_is_left_out_and_counted(plain):
    trainer = shared_trainer()
    before, bias = weights_and_averages(trainer.arrays()), trainer.model.decoder.output_bias
    bias.assign(np.full(bias.shape, np.nan))
    for step in (3, 4):
        trainer.step(SHAPE, [batch_of(step)], 0.01, step)
    bias.assign(np.zeros(bias.shape))
    assert_near(weights_and_averages(trainer.arrays()), before, 0.0)
    assert trainer.has_skipped()
    counters = trainer.read_counters()
    assert counters.skipped == 2 and counters.tokens == 0
    np.testing.assert_allclose(counters.first_skipped, (4, 0.01, np.nan), rtol=1e-6)
    assert not trainer.has_skipped()
    assert losses(trainer) == plain[0]
    assert trainer.counters.norm.numpy() == 0.0


@pytest.mark.slow
def test_the_largest_norm_of_an_interval_is_counted():
    trainer, single = shared_trainer(), []
    for step in range(3):
        trainer.step(SHAPE, [batch_of(step)], 0.0, step)
        single.append(trainer.read_counters().gradient_norm)
    for step in range(3):
        trainer.step(SHAPE, [batch_of(step)], 0.0, step)
    assert trainer.read_counters().gradient_norm == max(single) > 0.0


@pytest.mark.slow
def test_nothing_is_compiled_twice():
    trainer = trainer_of()
    shapes = [SHAPE, SHAPE._replace(order=(0, 1, 2, 3)), BatchShape(((3, 4),), ((2, 4),), (2, 0, 3, 1))]
    for step in range(12):
        # Equal shapes that are other objects are the same program.
        shape = BatchShape(*shapes[step % 3])
        trainer.step(shape, [batch_of(step, shape)], 0.01 / (step + 1), step)
    assert trainer._step.experimental_get_tracing_count() == len(shapes)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_the_step_lowers_for_a_gpu(precision):
    """Compiling needs no GPU, and fails for operations that only a CPU has, such as those on strings."""
    model = trainer_of(precision=precision).model
    variables = model.trainable_variables

    # The weights are arguments: a variable on one device cannot be lowered for another.
    @tf.function(jit_compile=True)
    def gradients(weights, source, target, labels, seed):
        scope = keras.StatelessScope(state_mapping=list(zip(variables, weights, strict=True)))
        with scope, tf.GradientTape() as tape:
            tape.watch(weights)
            features, decoder = model(source, target, shape=SHAPE, seed=seed), model.decoder
            bias = tf.convert_to_tensor(decoder.output_bias)
            loss, plain = cross_entropy(features, decoder.output_weights, bias, labels, 0.1, tf.constant(1.0))
        return [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)], plain

    weights = [tf.convert_to_tensor(variable.value) for variable in variables]
    arguments = weights, *map(tf.constant, batch_of()), tf.constant(1, tf.int64)
    text = gradients.experimental_get_compiler_ir(*arguments)(stage="hlo", platform_name="GPU")
    assert "while" in text and {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}[precision] in text
    for cpu_only in ("custom-call", "infeed", "outfeed"):
        assert cpu_only not in text


def test_an_operation_without_gpu_kernel_does_not_lower():
    function = tf.function(lambda x: tf.strings.as_string(x), jit_compile=True)
    with pytest.raises(ValueError, match=r"[Uu]nsupported"):
        function.experimental_get_compiler_ir(tf.constant(1.0))(stage="hlo", platform_name="GPU")
