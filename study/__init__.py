"""The ground floor: what every stage shares. It imports nothing else of this project."""
