"""One module for each command: parse, call the root API, print."""
