"""What the catalogue of events is written out as: OpenAPI's `webhooks`, an AsyncAPI document, and a page."""
