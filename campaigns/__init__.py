"""Message templates, audiences and campaigns: one text to many, each recipient once."""
