"""The prices that the dashboard and the alarms count with, as console/costs/prices.json has them.

List prices of us-east-1. Each is in USD for one unit; a GB is 2^30 bytes, as AWS meters it.
"""

from __future__ import annotations

GB = 2**30

LAMBDA_REQUEST_USD = 0.20 / 1e6
LAMBDA_GB_SECOND_USD = 0.0000133334
HTTP_API_REQUEST_USD = 1.00 / 1e6
EFS_READ_USD = 0.03
EFS_WRITE_USD = 0.06
READ_UNIT_USD = 0.125 / 1e6
