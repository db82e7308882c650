"""What TF_CONFIG says of a training on several machines, read without TensorFlow.

TensorFlow itself takes a missing TF_CONFIG for a cluster of one, and a wrong one for a reason to wait.
"""

import json
import os

from s2s.errors import InputError

_EXAMPLE = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'


def is_chief(distribute: str) -> bool:
    """Whether this process is the one that writes the run: with `multi_worker`, the chief or else worker 0.

    Raises InputError when there are to be many workers and TF_CONFIG is missing or wrong.
    """
    if distribute != "multi_worker":
        return True
    try:
        config = json.loads(os.environ["TF_CONFIG"])
        cluster, kind, index = config["cluster"], config["task"]["type"], int(config["task"]["index"])
        _ = cluster[kind][index]
    except KeyError as error:
        missing = "is not set" if error.args == ("TF_CONFIG",) else f"has no {error}"
        raise InputError(
            f"training.distribute: multi_worker, but TF_CONFIG {missing}; set it on every machine, e.g. {_EXAMPLE}"
        ) from None
    except (ValueError, TypeError, IndexError) as error:
        raise InputError(f"training.distribute: TF_CONFIG is wrong ({error}); write it as {_EXAMPLE}") from None
    return kind == "chief" or (kind == "worker" and index == 0 and "chief" not in cluster)
