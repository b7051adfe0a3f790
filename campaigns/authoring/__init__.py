"""Writing message templates: rendering, checking, versions, previews, proofs."""
