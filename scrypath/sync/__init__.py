"""The write path: records and ids in, current rows out to the index, in one of three modes."""
