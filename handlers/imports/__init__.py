"""Files of rows: lines of CSV and NDJSON made drafts, or refused with every reason."""
