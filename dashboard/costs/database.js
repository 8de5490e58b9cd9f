/** What PostgreSQL costs whatever is read, and what it is fed with, as console/costs/database/ reckons it. */

/** Dollars a month: machines, disks, backups beyond what is free, a proxy, the master user's secret. */
export function databaseUsd({ prices, constants }, scenario) {
  const { GB, DATABASE_BYTES_A_ROW_BYTE, DAY_S, MONTH_S, MONTH_HOURS } = constants;
  const machines = 1 + scenario.multi_az;
  const usedGb = (scenario.rows * scenario.row_bytes * DATABASE_BYTES_A_ROW_BYTE) / GB;
  const writtenGb = (newBytes(scenario) * DATABASE_BYTES_A_ROW_BYTE) / GB;
  const storageGb = Math.max(constants.LEAST_STORAGE_GB, usedGb);
  const backupGb = usedGb + (writtenGb * scenario.backup_days * DAY_S) / MONTH_S;
  return (
    machines * MONTH_HOURS * prices[`database_hour_${scenario.database_class.split(".").at(-1)}`] +
    machines * storageGb * prices.database_storage +
    Math.max(0, backupGb - storageGb) * prices.database_backup +
    scenario.proxy * MONTH_HOURS * constants.PROXY_CPUS * prices.database_proxy +
    prices.secret
  );
}

/** The runs after appends: one a write, and one a window at most. */
export const feeds = ({ constants }, scenario) =>
  Math.min(scenario.writes_per_month, constants.MONTH_S / constants.PROJECTION_WINDOW_S);

/** The units that are read of the ledger: the head in each run, and the new rows. */
export function feedReadUnits(model, scenario) {
  const { ROUNDS, READ_UNIT_BYTES } = model.constants;
  const fed = feeds(model, scenario);
  return fed + ROUNDS + Math.max(fed, newBytes(scenario) / READ_UNIT_BYTES);
}

const newBytes = (scenario) => scenario.writes_per_month * scenario.rows_per_write * scenario.row_bytes;
