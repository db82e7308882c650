"""The run directory.  It needs nothing outside itself, so a copy of it translates anywhere.

run/
  run.json, config.yaml        format number, version, hash of the corpus, the runs that it began with; the complete config
  source.model, target.model   the subword models
  known_words.txt              the words of the training text
  train.log                    the log lines of all sessions
  metrics.jsonl                a JSON object for each log line and each validation
  tensorboard/                 the same for tensorboard --logdir
  curve.png                    losses and dev chrF as a picture, when matplotlib is installed
  long_lines.json              from which length on sentences are translated in parts, and the scores by which it was chosen
  initial.npz                  the weights that the training began with, where it began with those of a run
  best.npz                     averaged weights of the best validation, which translate
  MODEL.md                     the model card
  checkpoints/step-00001200/   all that training resumes from (see checkpoints.py)
  lock                         held by the process that trains, with its name
"""

import json
import os
import shutil
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Any

from s2s import __version__, checkpoints, config_file, metrics
from s2s.checkpoints import Progress
from s2s.config import Config
from s2s.config_changes import CHANGEABLE, changes
from s2s.data import known_words
from s2s.data.dataset import PreparedCorpus, content_hash, require_content
from s2s.data.known_words import KnownWords
from s2s.data.tokenizer import Tokenizer
from s2s.errors import InputError, RunError
from s2s.files import (
    Arrays,
    atomic_directory,
    atomic_file,
    explain_write_errors,
    load_arrays,
    make_directory,
    read_small,
    remove_leftovers,
    require_readable,
    save_arrays,
)  # fmt: skip
from s2s.lock import lock, move_aside, no_links, require_held
from s2s.process import report

FORMAT = 7
"""Version of the directory's layout; raised when it changes in a way that an older s2s would misread."""


class Run:
    """An existing run directory.  The constructor opens it to read; `begin` makes it or locks it to train."""

    def __init__(self, path: "str | os.PathLike[str]"):
        """Open `path`; raises InputError when it is no run directory, or one of another format."""
        self.path = path = Path(path)
        metadata = _read_metadata(path)
        if metadata.get("format") != FORMAT:
            raise InputError(
                f"{path}: run format {metadata.get('format')} of s2s {metadata.get('version')}; this is s2s {__version__}, "
                f"which reads format {FORMAT}"
            )
        self.config = config_file.load(path / "config.yaml")
        self.content: str = metadata.get("corpus", "")
        """`dataset.content_hash` of the prepared corpus that the run was begun with."""
        self.corpus: PreparedCorpus | None = None
        """The prepared corpus, open, in a run that is trained: begin and join open it."""
        self.began_with: list[dict[str, Any]] = metadata.get("began_with", [])
        """The run whose weights the training began with, the one that that began with, and so on: run, step, train."""
        self._lock: IO[str] | None = None

    @classmethod
    def begin(cls, config: Config, fresh: bool = False) -> "Run":
        """The run of `config`, locked for this process: an existing run if its config is the same, else a new one.

        Raises InputError when the corpus is not prepared, when the config or the subwords differ from the run's, and when
        another process is training the run.

        Args:
            config: the experiment.
            fresh: whether to move an existing run aside first.
        """
        path, initial = Path(config.run), config.training.init_from
        if initial is not None and os.path.realpath(initial) == os.path.realpath(path):
            raise InputError(f"training.init_from: {initial} is the run itself; name another run, or leave it out")
        prepared = Path(config.data.prepared)
        with ExitStack() as opened:  # closed again where the rest is refused
            if fresh or not (path / "run.json").exists():
                corpus = opened.enter_context(closing(PreparedCorpus.open(prepared, content_hash(prepared))))
                run = cls._create(config, corpus, fresh)
            else:
                held = opened.enter_context(lock(path))
                run = cls(path)
                _require_same(run, config)
                corpus = opened.enter_context(closing(PreparedCorpus.open(prepared, run.content)))
                remove_leftovers(path)
                remove_leftovers(path / "checkpoints")
                with explain_write_errors(path), atomic_file(path / "config.yaml") as file:
                    file.write_text(config_file.dump(config), encoding="utf-8")
                run.config, run._lock = config, held
            run.corpus = corpus
            opened.pop_all()
            return run

    @classmethod
    def _create(cls, config: Config, corpus: PreparedCorpus, fresh: bool) -> "Run":
        path, prepared = Path(config.run), Path(config.data.prepared)
        initial, began_with = _initial_weights(config)
        make_directory(path.parent, "run")
        remove_leftovers(path.parent, path.name)  # of a process killed just here
        if fresh and (path / "run.json").exists():
            move_aside(path)
        try:
            with explain_write_errors(path), atomic_directory(path, replace=False) as directory:
                (directory / "checkpoints").mkdir()
                for name in ("source.model", "target.model", known_words.FILE):
                    shutil.copyfile(prepared / name, directory / name)
                (directory / "config.yaml").write_text(config_file.dump(config), encoding="utf-8")
                if initial:
                    save_arrays(directory / "initial.npz", initial)
                metadata = {"format": FORMAT, "version": __version__, "corpus": corpus.content}
                metadata |= {"began_with": began_with} if began_with else {}
                (directory / "run.json").write_text(json.dumps(metadata) + "\n", encoding="utf-8")
                require_content(prepared, corpus.content)  # another `prepare` may have ended meanwhile
                # Locked before it gets its name, so that no other process can lock it first.
                held = lock(directory)
        except FileExistsError:
            raise InputError(f"run: {path} exists and is no run directory; name another") from None
        run = cls(path)
        run._lock = held
        return run

    @classmethod
    def join(cls, config: Config, patience: float | None = None) -> "Run":
        """The run that the chief of several workers makes or resumes; waits for it, and reports every half minute that it does.

        Raises RunError when the run does not appear, and InputError as `begin` does.

        Args:
            config: the experiment.
            patience: seconds to wait; None = `training.wait_minutes`.
        """
        seconds = config.training.wait_minutes * 60 if patience is None else patience
        started, path = time.monotonic(), Path(config.run)
        reported = started + 2.0
        while not (path / "run.json").exists():
            if time.monotonic() - started > seconds:
                raise RunError(
                    f"run: the chief has not made {path}; all workers need the same directory, and the chief (worker 0) must "
                    "run (training.wait_minutes)"
                )
            if time.monotonic() >= reported:
                reported += 30.0
                report(f"waiting for the chief (worker 0) to make {path}")
            time.sleep(0.2)
        run = cls(path)
        _require_same(run, config)
        run.corpus = PreparedCorpus.open(Path(config.data.prepared), run.content)
        run.config = config  # the chief may not have written it yet
        return run

    def close(self) -> None:
        """Close the corpus and let go of the lock, if this process holds it: from here on the run is open to read."""
        if self.corpus:
            self.corpus.close()
        if self._lock:
            self._lock.close()
            self._lock = None

    def tokenizers(self) -> tuple[Tokenizer, Tokenizer]:
        """The tokenizers of Spanish and of English."""
        return Tokenizer.load(self.path / "source.model"), Tokenizer.load(self.path / "target.model")

    def known_words(self) -> KnownWords:
        """The words of the training text."""
        return KnownWords.load(self.path / known_words.FILE)

    def cut(self) -> int | None:
        """Subwords of the longest sentence that is not translated in parts, as measured; None before that."""
        try:
            cut = json.loads(read_small(self.path / "long_lines.json"))["cut"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError, LookupError, TypeError):
            cut = None
        if not isinstance(cut, int) or cut < 1:
            raise InputError(f"{self.path}/long_lines.json: damaged; delete it, or give --cut")
        return cut

    def save_cut(self, cut: int, scores: list[dict[str, Any]]) -> None:
        """Write long_lines.json: the length, and the scores of the lengths that were tried."""
        self.require_held()
        path = self.path / "long_lines.json"
        with explain_write_errors(path), atomic_file(path) as temporary:
            temporary.write_text(json.dumps({"cut": cut, "scores": scores}, indent=2) + "\n", encoding="utf-8")

    def save_best(self, weights: Arrays) -> None:
        """Replace best.npz, the weights that translate."""
        self.require_held()
        path = self.path / "best.npz"
        with explain_write_errors(path), atomic_file(path) as temporary:
            save_arrays(temporary, weights)

    def load_best(self, names: Iterable[str] | None = None) -> Arrays:
        """The weights of best.npz, or those of some names; raises InputError when there are none yet or they are damaged."""
        path = self.path / "best.npz"
        if not path.exists():
            raise InputError(f"{self.path}: nothing trained yet (no best.npz); run s2s train first")
        return load_arrays(path, names)

    def load_initial(self, names: Iterable[str]) -> Arrays:
        """The weights of these names that the training began with; raises InputError when they are missing or damaged."""
        return load_arrays(self.path / "initial.npz", names)

    def save_checkpoint(self, arrays: Arrays, progress: Progress) -> None:
        """Write a checkpoint, whole or not at all; deletes old ones beyond `training.keep_checkpoints`."""
        self.require_held()
        if progress.metrics_size:
            metrics.flush(self.path)  # the checkpoint holds its length
        checkpoints.save(self.path / "checkpoints", arrays, progress, self.config.training.keep_checkpoints)

    def load_checkpoint(self) -> tuple[Arrays, Progress] | None:
        """The newest whole checkpoint, or None where there is none; warns of damaged ones and skips them."""
        return checkpoints.load_newest(self.path / "checkpoints")

    def open_log(self) -> IO[str]:
        """train.log, opened to append a line at a time."""
        path = self.path / "train.log"
        with explain_write_errors(path):
            return open(path, "a", encoding="utf-8", buffering=1, opener=no_links)

    def append_metrics(self, record: dict[str, Any], progress: Progress) -> None:
        """Append a line to metrics.jsonl and add its size to `progress`."""
        self.require_held()
        metrics.append(self.path, record, progress)

    def truncate_metrics(self, progress: Progress) -> None:
        """Truncate metrics.jsonl to the lines up to the checkpoint; later ones will be written again."""
        metrics.truncate(self.path, progress)

    def require_held(self) -> None:
        """Raise RunError unless the run at this path is the one that this process trains; one opened to read is."""
        if self._lock:
            require_held(self._lock, self.path)


def _initial_weights(config: Config) -> tuple[Arrays, list[dict[str, Any]]]:
    """The weights that `training.init_from` gives, if any, and what `Run.began_with` has of them.

    Raises InputError when they are of another model, or of other subwords than the prepared corpus.
    """
    if config.training.init_from is None:
        return {}, []
    try:
        run = Run(config.training.init_from)
    except InputError as error:
        raise InputError(f"training.init_from: {error}") from None
    if different := changes(run.config, config, ("model",)):
        keys = ", ".join(f"{key} is {before!r} there and {after!r} here" for key, before, after in different)
        raise InputError(f"training.init_from: {run.path} is another model: {keys}; copy its section model")
    if not _same_subwords(run, config):
        raise InputError(
            f"training.init_from: {run.path} has other subwords than {config.data.prepared}; prepare with "
            f"tokenizer.from={run.path}"
        )
    best = metrics.best(run.path, run.config.training.best_by)
    files = [path for file in run.config.data.train for path in file.paths]
    entry = {"run": str(run.path), "step": best and best["step"], "train": files}
    return run.load_best(), [entry, *run.began_with]


def _same_subwords(run: Run, config: Config) -> bool:
    prepared = Path(config.data.prepared)
    return all(read_small(run.path / name) == read_small(prepared / name) for name in ("source.model", "target.model"))


def _require_same(run: Run, config: Config) -> None:
    changed = [f"{name} {before!r} -> {after!r}" for name, before, after in changes(run.config, config)]
    if changed:
        raise InputError(
            f"run: {run.path} was begun with another config: {', '.join(changed)}; undo the change, name another run, or "
            f"start over with --fresh\n  (paths may change, and in the section training: {', '.join(CHANGEABLE)}; a default may have changed)"
        )


def _read_metadata(path: Path) -> dict[str, Any]:
    try:
        metadata = json.loads(read_small(path / "run.json"))
    except (OSError, ValueError, RecursionError) as error:
        require_readable(path / "run.json", error)
        metadata = None
    if not isinstance(metadata, dict):
        raise InputError(f"{path} is no run directory (it has no readable run.json)")
    return metadata
