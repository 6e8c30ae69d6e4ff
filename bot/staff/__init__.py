"""Accounts, passwords and sessions of agents, and their command line."""
