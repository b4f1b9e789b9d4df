"""Acting on what a report found: preview, plan, apply, verify, audit."""
