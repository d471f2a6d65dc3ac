"""Arrays in, `Estimate` out: shares, agreement, error rates and gaps, with intervals that hold.

`intervals.py` has the clustered errors; `preferences.py`, `proportions.py` and `agreement.py`
the estimates; `outcomes.py` says what an error is, `error_rates.py` how often an arm errs, and
`gaps.py` compares arms.
`sides.py` alone undoes sides; `tables.py` alone unblinds results and applies audit decisions;
`repeats.py` and `context_check.py` tell of the rating itself. `results.py` puts one study together.
`planning.py`, `planned_ratings.py` and `planned_replies.py` look ahead of a study.
Nothing here writes a table or knows a page.
"""
