"""`python -m audit_app` is `warmth-audit`."""

from audit_app.cli import main

main()
