"""`make run`: the services, the web process, the worker and beat, under one roof and with one console."""
