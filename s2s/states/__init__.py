"""`s2s inspect-state`: hidden states as files (storage.py), as pictures (plots.py), and their neighbours (neighbours.py).

inspect_state.py is the command's flow.
"""
