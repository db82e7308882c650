"""`s2s translate` and `s2s evaluate`: text to state to text, in NumPy; imports no TensorFlow.

translator.py takes a sentence from text to state to text.  network.py is the network, state.py the layout of its hidden
state, search.py beam search and forced decoding, long_lines.py splits lines that are too long.  streams.py translates
files and pipes, evaluation.py scores.
"""
