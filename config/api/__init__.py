"""The only place that mounts the apps' routers."""
