"""The network in Keras and TensorFlow: seq2seq.py, of the layers in lstm.py, dropout.py and loss.py.

backend.py is the one import of TensorFlow and Keras.  This file imports nothing.
"""
