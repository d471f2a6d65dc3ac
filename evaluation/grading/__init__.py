"""Grades: labels found without a model.

`normalise.py` and `wording.py` bring texts to one form, `clauses.py` tells what a reply says as its
own from what it denies, ascribes or asks, `reading.py` takes a reply apart, `mentions.py` looks for
short answers in it, `overlap.py` for answers that are sentences, `options.py` for a letter,
`numbers.py` for the final number; `refusal.py`, `hedging.py` and `truncation.py` look at how it
answers. `weighing.py` tells which of two answers counts, `sought.py` holds what is looked for, per
item. `labels.py` decides; `table.py` is the only writer of `grades`.
"""
