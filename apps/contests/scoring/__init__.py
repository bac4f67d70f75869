"""How marks become places: plain Python, decimal arithmetic only, no Django.

The way of a mark, one module a step:

    marks → normalise → panel → category (totals, ranking) → contest

`rule` and `contest_rule` are the policies as data. `judge_statistics` and `stability` read results. The
leaderboard computes the same in SQL; where the two differ, this package is right.
"""
