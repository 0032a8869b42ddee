"""Where things are kept: opening, migrating, and one file a subject, on SQLite and on Postgres behind one small seam."""
