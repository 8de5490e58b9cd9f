"""The metrics of the functions: the one table from which request lines, alarms and the dashboard take their names.

A metric costs 0.30 USD a month for each function, and for each path where it is measured by path, that has any data in
that month; so what is rare is told only where it happens.
"""

from __future__ import annotations

NAMESPACE = "lambda-sqlite"
# Dimensions: the Lambda function's name, the first part of the URL's path, the number of the published version.
FUNCTION, PATH, VERSION = "function", "path", "version"

LATENCY, READ_UNITS, EFS_BYTES, COPIED_BYTES = "Latency", "ReadUnits", "EfsMeteredBytes", "CopiedBytes"
COLD_STARTS, RETRIES, CONFLICTS, ERRORS = "ColdStarts", "Retries", "Conflicts", "Errors"
LAG_ROWS, LAG_SECONDS, DIVERGENCES = "LagRows", "LagSeconds", "Divergences"

# Name → unit as CloudWatch calls it. Those of the first table have the dimensions function and path, and are told of
# the read paths and /insert alone; those of the second have the dimension function.
BY_PATH = {LATENCY: "Milliseconds", READ_UNITS: "Count", EFS_BYTES: "Bytes", COPIED_BYTES: "Bytes"}
BY_FUNCTION = {
    COLD_STARTS: "Count",  # first requests of a sandbox
    RETRIES: "Count",  # further attempts at DynamoDB
    CONFLICTS: "Count",  # appends that found the head moved by another
    ERRORS: "Count",  # answers of 500 and more, tasks that failed
    LAG_ROWS: "Count",  # rows that no snapshot holds, when somebody looked
    LAG_SECONDS: "Seconds",  # and the age of the oldest
    DIVERGENCES: "Count",  # snapshots that were found not to be the ledger's
}
# Those that are told by version too, with the dimensions function and version: what a new version is judged by.
BY_VERSION = {ERRORS: BY_FUNCTION[ERRORS]}
