"""Long documents: kept in the database, read by workers while nobody waits. It knows no HTTP."""
