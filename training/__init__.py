"""Conversations → adapters: what makes a model warm, cold, or merely tuned."""
