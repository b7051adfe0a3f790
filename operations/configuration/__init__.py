"""Configuration as code: credentials, webhooks and channel configurations as files, compared and applied."""
