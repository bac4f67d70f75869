"""Reads: what a contest is made of, its boards, what is missing, what was certified."""
