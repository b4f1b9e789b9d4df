"""Reading rows: as Arrow columns where the database alone can make them, as records where it cannot."""
