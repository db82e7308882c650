"""s2s: Spanish->English neural translation through one fixed-size hidden state.

Player 1 (the encoder) reads a Spanish sentence and draws a vector; player 2 (the decoder)
sees only the drawing and says the sentence in English.  Where things are:

    cli           the five commands               engine       the one import of TensorFlow and Keras
    config        every key; config_file reads    training     the training loop
    preparation   pair files to encoded corpus    optimizer    one compiled step: loss, gradients, update
    unpacking     compressed files, archives      validation   dev scores; the best weights
    formats       TSV, CSV, JSON, TMX, aligned    reporting    what a person sees of a training
    corpus        pairs out of these              model        Encoder, Decoder, EncoderState: what learns
    cleaning      rules for pairs                 lstm         the recurrent layer
    language      Spanish or English              dropout      a draw that only the seed decides
    splitting     dev and test without leaks      loss         output layer and cross-entropy in one
    parallel      work for many processes         batches      shapes and order of the batches
    spool         pairs laid aside on disk        estimate     what a training takes
    tokenizer     sentencepiece subwords          run          the run directory
    encoding      text to ids                     checkpoints  what a training goes on from
    tally         counts and their table          card         MODEL.md
    dataset       the prepared corpus on disk     distribution one device or many
    translator    text in, text out               cluster      what TF_CONFIG says
    streams       files and pipes of any size     inference    the trained network in NumPy
    cutting       lines too long                  decoding     encoder, beam search, forced decoding
    evaluation    BLEU, chrF, perplexity          states       hidden states as .npy
    inspection    the flow of inspect-state       maps         pictures of them
    files         whole-file writes               errors       faults of user and machine
"""

__version__ = "0.1.0"
