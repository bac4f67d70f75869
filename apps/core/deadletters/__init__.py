"""Tasks that failed for good: kept until somebody has looked, and sent again by a button."""
