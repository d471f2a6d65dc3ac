"""Blinded pairs → ratings → flags → decisions: the people's side, and the command line."""
