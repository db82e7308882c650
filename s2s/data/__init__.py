"""From pair files to batches of subword ids; imports no TensorFlow.

`s2s prepare` is prepare.py.  It reads files (compression.py, formats.py, corpus.py), cleans and splits the pairs
(cleaning.py, language.py, splitting.py), trains the subword models (tokenizer.py) and encodes the pairs, shard by shard
on all processors (shards.py, parallel.py); report.py counts.  dataset.py is the prepared corpus on disk.  Training
reads it in batches (batching.py) of packed sentences (packing.py).
"""
