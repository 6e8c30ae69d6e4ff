"""The engines behind one port: builtin, a Rasa server, and one guarding the other."""
