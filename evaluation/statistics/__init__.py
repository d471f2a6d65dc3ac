"""Arrays in, `Estimate` out: shares, agreement, error rates and gaps, with intervals that hold.

`intervals.py` has the clustered errors; `preferences.py`, `proportions.py` and `agreement.py`
the estimates; `counted_labels.py` says which label counts, `outcomes.py` what an error is,
`error_rates.py` how often an arm errs; `gaps.py`, `paired_tests.py` and `error_regressions.py`
compare arms, and `error_findings.py` puts them together.
`sides.py` alone undoes sides; `tables.py` alone unblinds results and applies audit decisions;
`repeats.py` and `context_check.py` tell of the rating itself, `rewrite_check.py` of the rewrites.
`results.py` puts one study together.
`planning.py`, `planned_ratings.py` and `planned_replies.py` look ahead of a study.
Nothing here writes a table or knows a page.
"""
