"""Waiting for a person, being called, talking, and coming back to the bot."""
