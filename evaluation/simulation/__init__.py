"""Studies drawn at random with a known truth, to see what the analysis makes of them.

`designs.py` says what such a study is; `reply_chances.py` and `rating_chances.py` tell its truth by
integration; `studies.py` draws the rows of one, and `targets.py` and `performance.py` hold the
estimates of many against the truth. Tables are written by those who own them, from `audit_app`.
"""
