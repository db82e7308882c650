#!/usr/bin/env python3
"""Measure the translation speed of a plain PyTorch model: an eager loop over nn.LSTM, as in a tutorial.

    pip install . torch
    python scripts/benchmarks/peer_torch_translate.py runs/tatoeba sentences.txt --beam 5

The network has the weights of a run, in float32.  Its greedy translations are those of `s2s translate`, unless the model
repeats itself endlessly.  Its beam search differs: a finished hypothesis can still be displaced by a better one.

A batch is a number of consecutive lines, padded to the longest of them, and is decoded until all of its hypotheses are
finished.  The result is that of the fastest batch size of --batch.  The duration includes the tokenizers and excludes
loading the run.  The last line of stdout is a JSON object with beam, batch and sentences_per_s.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

try:
    import torch
    from torch import nn

    from s2s.data.tokenizer import BOS, EOS, PAD, UNK
    from s2s.run import Run
except ModuleNotFoundError as error:  # --help works without them
    torch, missing = None, error.name

Tensor = Any
"""A torch.Tensor, whose type is not checked."""


def main() -> None:
    """Parse the arguments, warm up, translate once with each batch size, print the fastest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run directory of s2s train")
    parser.add_argument("file", type=Path, help="text file, one Spanish sentence per line")
    parser.add_argument("--beam", type=int, default=1, help="hypotheses; 1 is greedy (default: %(default)s)")
    parser.add_argument(
        "--batch", type=int, nargs="+", default=[32, 64, 128, 256], help="batch sizes to try (default: 32 64 128 256)"
    )
    parser.add_argument("--output", type=Path, help="file for the translations of the fastest batch size")
    flags = parser.parse_args()
    if torch is None:
        raise SystemExit(f"{missing} is missing here: pip install . torch")
    peer, lines = Peer(Run(flags.run)), flags.file.read_text(encoding="utf-8").splitlines()
    peer.translate(lines[:64], flags.beam, 64)
    best: dict[str, Any] = {"sentences_per_s": 0.0}
    for batch in flags.batch:
        started = time.perf_counter()
        translations = peer.translate(lines, flags.beam, batch)
        rate = len(lines) / (time.perf_counter() - started)
        if rate > best["sentences_per_s"]:
            best = {"system": f"torch {torch.__version__} eager", "beam": flags.beam, "batch": batch,
                    "sentences_per_s": round(rate, 1)}  # fmt: skip
            if flags.output:
                flags.output.write_text("".join(f"{text}\n" for text in translations), encoding="utf-8")
    print(json.dumps(best))


class Peer:
    """The network of a run in the layers of PyTorch."""

    def __init__(self, run: Run):
        self.config = run.config.model
        self.source_tokenizer, self.target_tokenizer = run.tokenizers()
        weights = {name: torch.from_numpy(array) for name, array in run.load_best().items()}
        self.source = nn.Embedding.from_pretrained(weights["encoder/embedding"] * self.config.embedding_size**0.5)
        self.target = nn.Embedding.from_pretrained(weights["decoder/embedding"] * self.config.embedding_size**0.5)
        self.encoder, self.decoder = (
            nn.ModuleList([self._layer(weights, f"{side}/stack/lstm_{i}/") for i in range(self.config.layers)])
            for side in ("encoder", "decoder")
        )
        self.bias = weights["decoder/output_bias"]
        if self.config.tie_output:
            self.narrow, self.table = weights["decoder/narrow"], weights["decoder/embedding"].T.contiguous()
        else:
            self.narrow, self.table = None, weights["decoder/output_table"].T.contiguous()

    @staticmethod
    def _layer(weights: dict[str, Tensor], prefix: str) -> Any:
        kernel, recurrent = weights[prefix + "kernel"], weights[prefix + "recurrent"]
        layer = nn.LSTM(kernel.shape[0], recurrent.shape[0], batch_first=True)
        layer.weight_ih_l0.data, layer.weight_hh_l0.data = kernel.T.contiguous(), recurrent.T.contiguous()
        layer.bias_ih_l0.data, layer.bias_hh_l0.data = weights[prefix + "bias"], torch.zeros(recurrent.shape[1])
        return layer

    def _stack(self, layers: Any, x: Tensor, states: list[Any]) -> tuple[Tensor, list[Any]]:
        ends = []
        for index, (layer, state) in enumerate(zip(layers, states, strict=True)):
            outputs, end = layer(x, state)
            x = outputs + x if self.config.residual and index else outputs
            ends.append(end)
        return x, ends

    def _encode(self, sentences: list[list[int]]) -> list[Any]:
        """(h, c) of every layer at the last time step, each [1, rows, units]; sentences: framed ids."""
        longest = max(map(len, sentences))
        ids = [ids[::-1] if self.config.reverse_source else ids for ids in sentences]
        lengths = torch.tensor([len(row) for row in ids])
        padded = torch.tensor([row + [PAD] * (longest - len(row)) for row in ids])
        x, ends = self.source(padded), []
        for index, layer in enumerate(self.encoder):
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            outputs, end = layer(packed)
            outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
            x = outputs + x if self.config.residual and index else outputs
            ends.append(end)
        return ends

    def translate(self, lines: list[str], beam: int, batch: int) -> list[str]:
        """The best translation of each line.

        Args:
            lines: Spanish sentences.
            beam: hypotheses of the search; 1 is greedy.
            batch: sentences per batch.
        """
        translations = []
        with torch.inference_mode():
            for start in range(0, len(lines), batch):
                sentences = [[*ids, EOS] for ids in self.source_tokenizer.encode(lines[start : start + batch])]
                rows = self._search(self._encode(sentences), len(sentences), beam, 2 * max(map(len, sentences)) + 8)
                translations += self.target_tokenizer.decode([[i for i in row if i not in (PAD, EOS)] for row in rows])
        return translations

    def _search(self, states: list[Any], rows: int, beam: int, limit: int) -> list[list[int]]:
        """Beam search; returns the ids of the best hypothesis of each row.

        Args:
            states: (h, c) of every layer, each [1, rows, units].
            rows: sentences of the batch.
            beam: hypotheses per sentence.
            limit: most subwords of a translation.
        """
        states = [tuple(tensor.repeat_interleave(beam, 1) for tensor in state) for state in states]
        last, ids = torch.full((rows * beam,), BOS), torch.zeros((rows, beam, 0), dtype=torch.long)
        scores = torch.full((rows, beam), -torch.inf)
        scores[:, 0] = 0.0
        lengths, done = torch.zeros(rows, beam), torch.zeros(rows, beam, dtype=torch.bool)
        for _ in range(limit):
            x, states = self._stack(self.decoder, self.target(last)[:, None], states)
            features = x[:, 0] if self.narrow is None else x[:, 0] @ self.narrow
            log_probs = torch.log_softmax(features @ self.table + self.bias, -1)
            log_probs[:, [PAD, UNK, BOS]] = -torch.inf
            log_probs = log_probs.view(rows, beam, -1)
            log_probs[done] = -torch.inf
            log_probs[..., PAD].masked_fill_(done, 0.0)
            lengths = lengths + (~done).float()
            ranks = (scores[..., None] + log_probs) / lengths[..., None]
            best, index = ranks.flatten(1).topk(beam)
            parents, new = index // log_probs.shape[-1], index % log_probs.shape[-1]
            lengths, done = lengths.gather(1, parents), done.gather(1, parents) | (new == EOS)
            scores = best * lengths
            ids = torch.cat([ids.gather(1, parents[..., None].expand_as(ids)), new[..., None]], 2)
            chosen = (torch.arange(rows)[:, None] * beam + parents).flatten()
            states = [tuple(tensor[:, chosen] for tensor in state) for state in states]
            last = new.flatten()
            if done.all():
                break
        best_ids: list[list[int]] = ids[:, 0].tolist()
        return best_ids


if __name__ == "__main__":
    main()
