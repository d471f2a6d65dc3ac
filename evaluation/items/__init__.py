"""Items: questions with reference answers and a wrong one, one record out of every set.

`sets.py` chooses the loader, checks and draws; each loader knows one layout; `table.py` is
the only writer of `items`.
"""
