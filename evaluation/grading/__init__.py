"""Grades: labels found without a model.

`normalise.py` and `wording.py` bring texts to one form, `clauses.py` tells what a reply says as its
own from what it denies, ascribes or asks, `agreement.py` whether it agrees, and `reading.py` takes it
apart. `mentions.py` looks for short answers, `overlap.py` for answers that are sentences, by the
stance that `stance.py` tells, `options.py` for a letter, `numbers.py` for the final number, without
what `reckoning.py` takes off; `weighing.py` tells which of two answers counts.
`refusal.py`, `hedging.py` (both by `ways.py`) and `truncation.py` look at how it answers. `sought.py`
holds what is looked for, per item. `labels.py` decides; `table.py` is the only writer of `grades`.
"""
