"""Measures engines on labelled messages of any language: reading, judging, report, picture."""
