"""A ticket from its opening to its end: held, answered, raised, closed."""
