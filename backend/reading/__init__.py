"""Files that strangers send -> pages read, within bounds, beside those of everyone else. It knows no HTTP and no database."""
