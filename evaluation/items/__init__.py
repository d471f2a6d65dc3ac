"""Items: questions with reference answers and a wrong one, one record out of every set.

`sets.py` reads sources, chooses the loader and draws; a module per set knows its layouts; `rows.py`
and `hub.py` fetch rows, `made_answers.py` makes wrong answers, `checks.py` finds suspicious items,
`overview.py` counts. `table.py` is the only writer of `items`. docs/items.md tells it to users.
"""
