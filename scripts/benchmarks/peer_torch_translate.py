#!/usr/bin/env python3
"""Translation speed of the plain PyTorch peer: an eager loop over nn.LSTM, as a tutorial would write it.

    pip install torch
    python scripts/benchmarks/peer_torch_translate.py runs/tatoeba sentences.txt --beam 5

It takes the network and the weights of a run (float32), so it says what `s2s translate` says.  Batches are cut from the
file as it comes, padded to their longest sentence, and decoded until all their hypotheses are finished.  The batch size
is the fastest of those given by --batch.  Only the loop is timed, subwords in and out included.  Prints one JSON line.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

from s2s.data.tokenizer import BOS, EOS, PAD, UNK
from s2s.run import Run

# No types are wanted of a peer.
Tensor = Any


def main() -> None:
    """Parse the flags, translate once to warm up and once on the clock for each batch size, print the best."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path, help="directory that s2s train wrote")
    parser.add_argument("file", type=Path, help="Spanish sentences, one a line")
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--batch", type=int, nargs="+", default=[32, 64, 128, 256], help="batch sizes to try")
    parser.add_argument("--output", type=Path, help="write the translations of the fastest here")
    flags = parser.parse_args()
    peer, lines = Peer(Run(flags.run)), flags.file.read_text(encoding="utf-8").splitlines()
    peer.translate(lines[:64], flags.beam, 64)
    best: dict[str, Any] = {"sentences_per_s": 0.0}
    for batch in flags.batch:
        started = time.perf_counter()
        said = peer.translate(lines, flags.beam, batch)
        rate = len(lines) / (time.perf_counter() - started)
        if rate > best["sentences_per_s"]:
            best = {"system": f"torch {torch.__version__} eager", "beam": flags.beam, "batch": batch,
                    "sentences_per_s": round(rate, 1)}  # fmt: skip
            if flags.output:
                flags.output.write_text("".join(f"{text}\n" for text in said), encoding="utf-8")
    print(json.dumps(best))


class Peer(nn.Module):
    """The network of a run in PyTorch's own layers."""

    def __init__(self, run: Run):
        super().__init__()
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
    def _layer(weights: dict[str, Tensor], prefix: str) -> nn.LSTM:
        kernel, recurrent = weights[prefix + "kernel"], weights[prefix + "recurrent"]
        layer = nn.LSTM(kernel.shape[0], recurrent.shape[0], batch_first=True)
        layer.weight_ih_l0.data, layer.weight_hh_l0.data = kernel.T.contiguous(), recurrent.T.contiguous()
        layer.bias_ih_l0.data, layer.bias_hh_l0.data = weights[prefix + "bias"], torch.zeros(recurrent.shape[1])
        return layer

    def _stack(self, layers: nn.ModuleList, x: Tensor, states: list[Any]) -> tuple[Tensor, list[Any]]:
        ends = []
        for index, (layer, state) in enumerate(zip(layers, states, strict=True)):
            outputs, end = layer(x, state)
            x = outputs + x if self.config.residual and index else outputs
            ends.append(end)
        return x, ends

    def _encode(self, sentences: list[list[int]]) -> list[Any]:
        """(h, c) of every layer, each [1, rows, units]."""
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

    @torch.inference_mode()
    def translate(self, lines: list[str], beam: int, batch: int) -> list[str]:
        """The best translation of each line."""
        said = []
        for start in range(0, len(lines), batch):
            sentences = [[*ids, EOS] for ids in self.source_tokenizer.encode(lines[start : start + batch])]
            rows = self._search(self._encode(sentences), len(sentences), beam, 2 * max(map(len, sentences)) + 8)
            said += self.target_tokenizer.decode([[i for i in row if i not in (PAD, EOS)] for row in rows])
        return said

    def _search(self, states: list[Any], rows: int, beam: int, limit: int) -> list[list[int]]:
        states = [tuple(part.repeat_interleave(beam, 1) for part in state) for state in states]
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
            states = [tuple(part[:, chosen] for part in state) for state in states]
            last = new.flatten()
            if done.all():
                break
        found: list[list[int]] = ids[:, 0].tolist()
        return found


if __name__ == "__main__":
    main()
