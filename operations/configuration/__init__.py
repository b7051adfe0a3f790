"""Configuration as code: what operators and authors set up as files, compared and applied."""
