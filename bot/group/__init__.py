"""The agents' Telegram group: a topic for each ticket, both ways."""
