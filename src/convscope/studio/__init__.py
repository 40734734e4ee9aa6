"""The server side of the web studio; `static/` is built from `web/`."""
