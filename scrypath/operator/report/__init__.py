"""Collecting a report: status, signals, fleet, recommendations."""
