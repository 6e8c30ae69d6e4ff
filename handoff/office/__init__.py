"""What is not about one ticket: work lists, the counter and its queue."""
