"""Runs of campaigns: collecting recipients, handing their messages over, taking them back. Workers carry them on."""
