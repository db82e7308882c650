"""The network in Keras and TensorFlow: seq2seq.py, of the layers in lstm.py, dropout.py and loss.py.

keras_model.py is the same network of Keras' own layers, compiled.py compiles functions ahead. backend.py is the one
import of TensorFlow and Keras. This file imports nothing.
"""
