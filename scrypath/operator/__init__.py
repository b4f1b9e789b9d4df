"""Seeing and acting: status, failed work, reconcile, plans, retries and their verification."""
