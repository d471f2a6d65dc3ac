"""Controls: what every arm is asked beside the study, to tell whether it lost more than its tone.

`questions.py` reads the sets and puts their items into words, `replies.py` keeps what the arms
answered, `grades.py` what a rule made of it; each is the only writer of its table. The tables are
apart from the study's own, so that nothing that rates, audits, pairs, gates or exports meets a row
of them. What comes of them is computed in `evaluation/statistics/control_results.py`.
"""
