"""The message attributes that our components hand to each other."""

READINGS = "nlu_readings"
"""A ``nlu.text.clauses.Readings`` of the message's text."""
ROWS = "nlu_rows"
"""One csr matrix for each featurizer, in the order of the pipeline; a row a reading."""
ALSO = "also"
"""Further questions of the message, in the parse result (see Understanding.also)."""
