"""The leaderboard as SQL: one statement, put together from the steps of the scoring core.

    seats, entries, marks → values of the panels → panel scores → totals of the entries → places
                                                                → totals of the contestants → places

Each module makes the common table expressions of some steps. Everything is `numeric`, rounded where
`apps.contests.scoring` rounds; rules come in as rows of a parameter, so that the text of the statement depends only
on which features the rules use. A property test holds the results against the scoring core, which is right where the
two differ.
"""
