"""Grades: labels found without a model.

`normalise.py` brings texts to one form, `clauses.py` tells what a reply says as its own from
what it denies, ascribes or asks, `mentions.py` looks for short answers in it, `overlap.py` for
answers that are sentences, `refusal.py` for a refusal, `labels.py` decides; `table.py` is the
only writer of `grades`.
"""
