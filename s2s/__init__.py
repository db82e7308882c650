"""s2s: Spanish->English neural translation through one fixed-size hidden state.

Player 1 (the encoder) reads a Spanish sentence and draws a vector; player 2 (the decoder)
sees only the drawing and says the sentence in English.  Where things are:

    cli         the five commands              engine      the one import of TensorFlow and Keras
    preparation pair files to encoded corpus   training    the training loop
    run         the run directory              optimizer   one compiled step: loss, gradients, update
    translator  text in, text out              decoding    beam search in one compiled loop
    evaluation  BLEU and chrF                  model       Encoder, Decoder, EncoderState
    states      hidden states as .npy          lstm        the recurrent layer
    dataset     the prepared corpus on disk    batches     shapes and order of the batches
    tokenizer   sentencepiece subwords         corpus      pair files and lines of text
    config      YAML <-> dataclasses           dropout     a draw that only the seed decides
    files       whole-file writes              loss        output layer and cross-entropy in one
    errors      faults of user and machine     reporting   what a person sees of a training
    cluster     what TF_CONFIG says            distribution  one device or many
"""

__version__ = "0.1.0"
