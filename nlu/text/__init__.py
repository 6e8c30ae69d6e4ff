"""What a message says by its form: spelling, pieces, values. No model in here."""
