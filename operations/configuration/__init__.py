"""Configuration as code: credentials, webhooks, channels and limits as files, compared and applied."""
