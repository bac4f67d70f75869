"""Erasing a person: what names them is overwritten wherever it is stored; what they did stays, under a pseudonym."""
