"""s2s: Spanish->English neural translation through one fixed-size hidden state.

    Spanish text -> subwords -> encoder -> hidden state -> decoder -> subwords -> English text

Modules import only from their own folder or from the lines below:

    cli.py                               the five commands
    states/            training/         hidden states as files and pictures; training
    translation/                         text to state to text; evaluation
    run.py   model/    checkpoints.py    the run directory; the network in Keras; what training resumes from
    data/                                sentence pairs to encoded batches
    files.py   machine.py   config.py    atomic files; processor and cluster; the configuration
    outputs.py process.py                outputs that the user names; standard streams and signals
    errors.py                            what ends a command
"""

__version__ = "0.1.0"
