"""From pair files to batches of subword ids; imports no TensorFlow.

`s2s prepare` is prepare.py.  It reads files: compression.py opens them (foreign.py recognizes what is no text), lines.py
splits them, formats.py, json_objects.py and tmx.py read the rows of rows.py, and corpus.py makes pairs.  It cleans and
splits the pairs (cleaning.py, language.py, splitting.py), adds copies as people write them, and clauses (augmentation.py),
trains the tokenizers (tokenizer.py) and encodes the pairs, shard by shard on all processors (shards.py, parallel.py);
report.py counts what the rules did.  dataset.py is the prepared corpus on disk.  Training reads it in batches (batching.py)
of packed sentences (packing.py).

Shared with translation: normalization.py, the one spelling of marks; slots.py, what is carried through the state as a
symbol, and known_words.py, which tells unknown ones; clauses.py, where a sentence can be cut; perturbation.py, a sentence as
people write it.
"""
