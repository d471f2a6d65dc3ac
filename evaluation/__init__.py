"""Items → responses → grades → estimates: what the arms answer, and how often wrongly."""
