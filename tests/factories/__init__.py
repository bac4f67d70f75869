"""How tests make rows, one module per app."""
