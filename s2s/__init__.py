"""s2s: Spanish->English neural translation through one fixed-size hidden state.

Player 1 (the encoder) reads a Spanish sentence and draws a vector; player 2 (the decoder)
sees only the drawing and says the sentence in English.  Where things are:

    cli         the five commands              engine      the one import of TensorFlow and Keras
    preparation pair files to encoded corpus   training    the training loop
    run         the run directory              optimizer   one compiled step: loss, gradients, update
    checkpoints what a training goes on from   validation  dev scores; the best weights
    translator  text in, text out              decoding    encoder, beam search, forced decoding
    streams     files and pipes of any size    inference   the trained network in NumPy
    cutting     lines too long                 model       Encoder, Decoder, EncoderState: what learns
    evaluation  BLEU, chrF, perplexity         lstm        the recurrent layer
    states      hidden states as .npy          batches     shapes and order of the batches
    dataset     the prepared corpus on disk    corpus      pair files and lines of text
    tokenizer   sentencepiece subwords         dropout     a draw that only the seed decides
    config      YAML <-> dataclasses           loss        output layer and cross-entropy in one
    files       whole-file writes              reporting   what a person sees of a training
    errors      faults of user and machine     distribution  one device or many
    cluster     what TF_CONFIG says
"""

__version__ = "0.1.0"
