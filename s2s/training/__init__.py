"""`s2s train`: loop.py decides what to do after each step, trainer.py computes the step.

update.py is the optimizer's arithmetic, devices.py one device or many, rendezvous.py how the workers of several machines
meet, validation.py the dev scores, reporting.py the log and the metrics, stopping.py the signals, model_card.py MODEL.md,
estimate.py `--dry-run`, size_law.py the size that suits some minutes, programs.py what XLA has compiled, kept for the next start.
"""
