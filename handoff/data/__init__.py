"""Data asked of a user: asked, gathered, reminded of, moved, ended."""
