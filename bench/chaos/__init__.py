"""Proof that nothing is lost and nothing doubled unsaid: everything is killed at random while messages go out."""
