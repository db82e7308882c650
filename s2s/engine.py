"""The one door to TensorFlow and Keras: `from s2s.engine import keras, tf`.

Importing TensorFlow takes seconds and writes a dozen lines to stderr before its own log level is
read, so only modules that compute import this one, and the import runs with file descriptor 2
turned aside.  If it fails, what it wrote is shown.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keep what native code writes to stderr away from the user, unless the block raises."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            aside.seek(0)
            os.write(2, aside.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


with _quiet_stderr():
    import keras
    import tensorflow as tf

    # The first touch of the devices brings more lines, so it belongs inside.
    for _gpu in tf.config.list_physical_devices("GPU"):
        # Take GPU memory as it is needed: the default takes all of it from every other program.
        tf.config.experimental.set_memory_growth(_gpu, True)

# Its advice against a program per shape is not for us: few shapes are the plan.
tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "tf"]
