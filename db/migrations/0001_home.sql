-- migrate:up
-- What the home holds: one row for each history that a table of rows is of. It changes with the rows, in one
-- transaction, so that it always says what is there. Readers read the history that is live.
CREATE TABLE home (
    schema_version integer NOT NULL, -- of the data model's table
    epoch bigint NOT NULL,
    seq bigint NOT NULL, -- rows 1 to seq are there, without a gap
    hash text NOT NULL, -- the content hash of these rows: 32 hex digits
    counterpart_hash text, -- the same of the columns that the model replaces, where they differ
    stats text NOT NULL, -- their statistics, as JSON
    is_live boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (schema_version, epoch)
);
CREATE UNIQUE INDEX home_live ON home (schema_version) WHERE is_live;

-- migrate:down
DROP TABLE home;
