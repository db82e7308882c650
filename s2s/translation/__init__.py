"""`s2s translate` and `s2s evaluate`: text to state to text, in NumPy; imports no TensorFlow.

translator.py takes a sentence from text to state to text.  source.py is what the encoder reads of a line: normalized, with
slots; sentences.py finds the sentences of a line.  network.py is the network, state.py the layout of its hidden state, search.py beam search and forced decoding,
long_lines.py cuts long sentences into parts and joins the translations of all parts.  streams.py translates files
and pipes, evaluation.py scores, also text as people write it (perturbed.py).
"""
