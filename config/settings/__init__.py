"""Settings. `base` is thin; each concern has a module beside it; `local`, `test` and `production` choose."""
