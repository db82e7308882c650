"""The one import of TensorFlow and Keras: `from s2s.model.backend import keras, tf`.

TensorFlow multiplies matrices with oneDNN by itself only where the processor has AVX512-VNNI or more.  oneDNN is faster with
AVX2 too (see lstm.py), so it is switched on there; TF_ENABLE_ONEDNN_OPTS=0 leaves it off.

Importing TensorFlow takes seconds, so only modules that compute with it import this one.  The import writes a dozen lines
to stderr before TensorFlow reads its own log level, so file descriptor 2 is redirected meanwhile.  If the import fails,
these lines are shown.
"""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from s2s.machine import cpu_flags

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
if "avx2" in cpu_flags():
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Discard what native code writes to stderr, unless the block raises."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as discarded:
        os.dup2(discarded.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            discarded.seek(0)
            os.write(2, discarded.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Collect no garbage in the block: an import leaves hardly any, but makes half a million objects to look through.

    The import of TensorFlow and Keras took 3.3 seconds of processor time with the collection, 2.7 without.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


with _quiet_stderr(), _without_garbage_collection():
    import keras
    import tensorflow as tf

    # Listing the devices for the first time writes more lines, so it belongs inside.
    for _gpu in tf.config.list_physical_devices("GPU"):
        # Allocate GPU memory as it is needed: the default takes all of it away from other programs.
        tf.config.experimental.set_memory_growth(_gpu, True)

# TensorFlow advises against one program per shape; here the shapes are few on purpose.
tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "tf"]
