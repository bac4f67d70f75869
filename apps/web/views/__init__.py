"""The pages: parse, authorise, one call, render."""
