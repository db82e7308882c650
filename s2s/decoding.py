"""Beam search from a drawing, in one compiled loop over static shapes; greedy search is a beam of 1.

A hypothesis is ranked by its log-probability per subword, end mark included, so that short ones have no
advantage.  It is finished by EOS; a finished one keeps its place in the beam as long as nothing better
comes, and the search ends when the whole beam is finished.  With a beam as wide as there are hypotheses
it is exhaustive search.  PAD, UNK and BOS are never said; at the length limit only EOS is.
"""

from s2s.engine import tf
from s2s.lstm import Tensor
from s2s.model import Decoder, EncoderState
from s2s.tokenizer import BOS, EOS, PAD, UNK


def search(decoder: Decoder, drawing: EncoderState, live: Tensor, limit: int, beam: int) -> tuple[Tensor, Tensor]:
    """The `beam` best hypotheses for each drawing, best first.

    drawing: state of [batch, layers, units].  live: [batch] bool, False for rows that only fill the batch.
    limit: most subwords said, EOS included.  Returns ids [batch, beam, limit], PAD after EOS, and
    their log-probability per subword [batch, beam].
    """
    batch, vocab = live.shape[0], decoder.vocab_size
    tile = lambda tensor: tf.repeat(tensor, beam, axis=0)  # noqa: E731
    seen = decoder.look(drawing)
    seen = None if seen is None else tile(seen)
    forbidden = tf.one_hot([PAD, UNK, BOS], vocab, on_value=-float("inf"), off_value=0.0)
    forbidden = tf.reduce_min(forbidden, 0)  # [vocab]
    nothing_more = tf.where(tf.range(vocab) == PAD, 0.0, -float("inf"))
    only_end = tf.where(tf.range(vocab) == EOS, 0.0, -float("inf"))

    def step(t, state, last, ids, scores, lengths, done):  # type: ignore[no-untyped-def]
        hidden, state = decoder(last[:, None], state, seen)
        log_probs = tf.nn.log_softmax(decoder.logits(hidden[0])) + forbidden  # [batch * beam, vocab]
        log_probs += tf.where(t == limit - 1, only_end, 0.0)
        log_probs = tf.where(done[:, :, None], nothing_more, tf.reshape(log_probs, [batch, beam, vocab]))
        totals = scores[:, :, None] + log_probs
        lengths += tf.where(done, 0.0, 1.0)
        ranks = tf.reshape(totals / lengths[:, :, None], [batch, beam * vocab])
        parents, last = _best(ranks, beam, vocab)
        if beam > 1:
            rows = tf.reshape(tf.range(batch)[:, None] * beam + parents, [-1])
            state = EncoderState(tf.gather(state.h, rows), tf.gather(state.c, rows))
            ids, totals, lengths, done = (tf.gather(x, parents, batch_dims=1) for x in (ids, totals, lengths, done))
        scores = tf.reduce_max(tf.where(tf.range(vocab) == last[:, :, None], totals, -float("inf")), -1)
        ids = tf.where(tf.range(limit) == t, last[:, :, None], ids)
        return t + 1, state, tf.reshape(last, [-1]), ids, scores, lengths, done | (last == EOS)

    # In the beginning all hypotheses of a row are the same: only the first may go on.
    scores = tf.tile(tf.where(tf.range(beam) == 0, 0.0, -float("inf"))[None], [batch, 1])
    start = (
        tf.constant(0),
        EncoderState(tile(drawing.h), tile(drawing.c)),
        tf.fill([batch * beam], BOS),
        tf.fill([batch, beam, limit], PAD),
        scores,
        tf.zeros([batch, beam]),
        tf.tile(~live[:, None], [1, beam]),
    )
    going = lambda t, *rest: (t < limit) & ~tf.reduce_all(rest[-1])  # noqa: E731
    _, _, _, ids, scores, lengths, _ = tf.while_loop(going, step, start, maximum_iterations=limit)
    return ids, scores / tf.maximum(lengths, 1.0)


def _best(ranks: Tensor, beam: int, vocab: int) -> tuple[Tensor, Tensor]:
    """The `beam` best of [batch, beam * vocab]: the hypothesis each continues and its new id, both [batch, beam]."""
    if beam == 1:
        return tf.zeros([ranks.shape[0], 1], tf.int32), tf.argmax(ranks, -1, tf.int32)[:, None]
    _, best = tf.math.top_k(ranks, beam)
    return best // vocab, best % vocab
