"""Quiet hours: when a recipient is left in peace, by the recipient's own clock. Pure, no Django."""
