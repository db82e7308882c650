"""s2s from Python: a trained run as an object, made by `s2s.load`.

TensorFlow is imported by `Model.keras` only; everything else is computed by NumPy.
"""

from os import PathLike
from typing import Any, Literal, overload

import numpy as np

from s2s.errors import InputError
from s2s.run import Run
from s2s.translation import network
from s2s.translation.search import SearchOptions
from s2s.translation.state import C, Floats, H, state_shape, unit_vectors
from s2s.translation.translator import Translator


class Model:
    """A trained run.  In the examples, `model` is one of the sample corpus."""

    def __init__(self, path: "str | PathLike[str]"):
        """Load the best weights of a run directory; raises InputError where there are none."""
        self._run = Run(path)
        self._translator = Translator(self._run)

    @overload
    def translate(self, sentences: str, beam: int = 5, n_best: Literal[1] = 1) -> str: ...
    @overload
    def translate(self, sentences: list[str], beam: int = 5, n_best: Literal[1] = 1) -> list[str]: ...
    @overload
    def translate(self, sentences: str | list[str], beam: int = 5, n_best: int = 1) -> Any: ...

    def translate(self, sentences: str | list[str], beam: int = 5, n_best: int = 1) -> Any:
        """Translate a sentence or several.

        Args:
            sentences: a Spanish sentence, or a list of them.  A text of several is translated sentence by sentence, a long
                sentence in parts; blank ones stay blank.
            beam: hypotheses kept in the search; 1 is greedy, and three times as fast as 5.
            n_best: number of translations of each sentence, at most `beam`; of more than one they come as a list, best first.

        >>> model.translate("Estamos listos.")
        'We are ready.'
        >>> model.translate(["Estamos listos.", "Somos alemanes."], beam=1)
        ['We are ready.', 'We are German.']
        >>> len(model.translate("Estamos listos.", n_best=3))
        3
        """
        if not 1 <= n_best <= beam:
            raise ValueError(f"n_best is {n_best}; it must be at least 1 and at most beam, which is {beam}")
        texts, options = _list(sentences), _options(beam)
        beams = [
            [best.text for best in hypotheses[:n_best]] for hypotheses in self._translator.translate(texts, options)
        ]
        results = [translations[0] for translations in beams] if n_best == 1 else beams
        return results[0] if isinstance(sentences, str) else results

    def encode(
        self, sentences: str | list[str], state: Literal["h", "c", "all"] = "h", normalize: bool = False
    ) -> Floats:
        """The hidden states of sentences: float32 [n, units], or [units] of a single sentence.

        Args:
            sentences: a Spanish sentence, or a list of them.
            state: h = the top layer's output, which is the sentence vector; c = its cell; all = h and c of every layer,
                [n, layers, 2, units], which `decode` takes.
            normalize: scale every vector to length 1, so that a dot product is a cosine; not with "all".

        >>> model.encode(["Estamos listos.", "Somos alemanes."]).shape
        (2, 48)
        >>> model.encode("Estamos listos.", state="all").shape
        (2, 2, 48)
        """
        if state not in ("h", "c", "all"):
            raise ValueError(f"state is {state!r}; it must be h, c or all")
        if state == "all" and normalize:
            raise ValueError("normalize: vectors of a layer can be scaled, whole states cannot; leave it out")
        states = self._translator.encode(_list(sentences))
        vectors = states if state == "all" else states[:, -1, H if state == "h" else C]
        if normalize:
            vectors = unit_vectors(vectors)
        return vectors[0] if isinstance(sentences, str) else vectors

    def decode(self, states: Floats, beam: int = 5) -> Any:
        """The English sentence of each state, [n, layers, 2, units], as `encode(..., state="all")` returns them.

        Of one state, [layers, 2, units], the sentence alone.

        States may be changed, averaged or made up.  Slots (numbers, unknown words) stay as they are: ⟨1⟩.

        >>> model.decode(model.encode(["Estamos listos."], state="all"))
        ['We are ready.']
        """
        states, shape = np.asarray(states, np.float32), state_shape(self._translator.config)
        if states.shape == shape:
            return self.decode(states[None], beam)[0]
        if states.shape[1:] != shape:
            raise ValueError(f"states of shape {states.shape}; they must be [n, {', '.join(map(str, shape))}]")
        if not np.isfinite(states).all():
            raise ValueError("states have numbers that are not finite")
        return [hypotheses[0].text for hypotheses in self._translator.decode(states, _options(beam))]

    def score(self, sentences: list[str], translations: list[str]) -> Floats:
        """How probable given translations are: log-probability per subword in nats, float32 [n], by forced decoding.

        >>> good, bad = model.score(["Estamos listos."] * 2, ["We are ready.", "We are German."])
        >>> bool(good > bad)
        True
        """
        if isinstance(sentences, str) or isinstance(translations, str) or len(sentences) != len(translations):
            raise ValueError("score takes two lists of the same length")
        log_probs, lengths = self._translator.score(_list(sentences), _list(translations))
        return (log_probs / lengths).astype(np.float32)

    def keras(self) -> Any:
        """A keras.Model of stock layers with the run's weights: see `s2s.model.keras_model`.  Imports TensorFlow."""
        from s2s.model.keras_model import keras_model

        sizes = map(len, self._run.tokenizers())
        shapes = network.weight_shapes(self._run.config.model, *sizes)
        return keras_model(self._run.config.model, self._run.load_best(shapes))


def _options(beam: int) -> SearchOptions:
    if not isinstance(beam, int) or not 1 <= beam <= 100:
        raise ValueError(f"beam is {beam}; it must be a whole number from 1 to 100")
    return SearchOptions(beam)


def _list(sentences: str | list[str]) -> list[str]:
    texts = [sentences] if isinstance(sentences, str) else list(sentences)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"a sentence must be a str, not {type(text).__name__}")
        if "\n" in text or "\r" in text:
            raise InputError(f"a sentence has no line break; split {text[:40]!r} into lines")
    return texts
