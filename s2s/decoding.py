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
    # Every hypothesis of a row starts from the same drawing: [batch * beam, layers, units].
    drawing = EncoderState(tf.repeat(drawing.h, beam, 0), tf.repeat(drawing.c, beam, 0))
    seen = decoder.look(drawing)
    forbidden = tf.one_hot([PAD, UNK, BOS], vocab, on_value=-float("inf"), off_value=0.0)
    forbidden = tf.reduce_min(forbidden, 0)  # [vocab]
    nothing_more = tf.where(tf.range(vocab) == PAD, 0.0, -float("inf"))
    only_end = tf.where(tf.range(vocab) == EOS, 0.0, -float("inf"))

    def step(
        t: Tensor, state: EncoderState, last: Tensor, ids: Tensor, scores: Tensor, lengths: Tensor, done: Tensor
    ) -> tuple[Tensor, ...]:
        features, state = decoder(last, state, seen, segments=((1, batch * beam),))
        log_probs = tf.nn.log_softmax(decoder.logits(features)) + forbidden  # [batch * beam, vocab]
        log_probs += tf.where(t == limit - 1, only_end, 0.0)
        log_probs = tf.where(done[:, :, None], nothing_more, tf.reshape(log_probs, [batch, beam, vocab]))
        totals = scores[:, :, None] + log_probs
        lengths += tf.where(done, 0.0, 1.0)
        # Rows that only fill the batch have said nothing.
        ranks = tf.reshape(totals / tf.maximum(lengths, 1.0)[:, :, None], [batch, beam * vocab])
        best, parents, last = _best(ranks, beam, vocab)
        if beam > 1:
            rows = tf.reshape(tf.range(batch)[:, None] * beam + parents, [-1])
            state = EncoderState(tf.gather(state.h, rows), tf.gather(state.c, rows))
            ids, lengths, done = (tf.gather(x, parents, batch_dims=1) for x in (ids, lengths, done))
        scores = best * lengths
        ids = tf.where(tf.range(limit) == t, last[:, :, None], ids)
        return t + 1, state, tf.reshape(last, [-1]), ids, scores, lengths, done | (last == EOS)

    # In the beginning all hypotheses of a row are the same: only the first may go on.
    scores = tf.tile(tf.where(tf.range(beam) == 0, 0.0, -float("inf"))[None], [batch, 1])
    start = (
        tf.constant(0),
        drawing,
        tf.fill([batch * beam], BOS),
        tf.fill([batch, beam, limit], PAD),
        scores,
        tf.zeros([batch, beam]),
        tf.tile(~live[:, None], [1, beam]),
    )

    def going(t: Tensor, *rest: Tensor) -> Tensor:
        return (t < limit) & ~tf.reduce_all(rest[-1])

    _, _, _, ids, scores, lengths, _ = tf.while_loop(going, step, start, maximum_iterations=limit)
    return ids, scores / tf.maximum(lengths, 1.0)


def _best(ranks: Tensor, beam: int, vocab: int) -> tuple[Tensor, Tensor, Tensor]:
    """The `beam` best of [batch, beam * vocab]: rank, the hypothesis each continues, its new id; all [batch, beam]."""
    if beam == 1:
        last = tf.argmax(ranks, -1, tf.int32)[:, None]
        return tf.reduce_max(ranks, -1, keepdims=True), tf.zeros_like(last), last
    best, index = tf.math.top_k(ranks, beam)
    return best, index // vocab, index % vocab
