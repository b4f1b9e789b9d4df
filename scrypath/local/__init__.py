"""What one machine needs to run the kit: a database, a search server, a worker, a catalogue, rehearsals."""
