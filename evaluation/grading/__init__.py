"""Grades: labels found without a model.

`normalise.py` brings texts to one form, `mentions.py` looks for answers in a reply,
`refusal.py` for a refusal, `labels.py` decides; `table.py` is the only writer of `grades`.
"""
