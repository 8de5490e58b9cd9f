/**
 * What follows from the numbers of a scenario, as console/costs/scenario.py has it. A scenario is a plain object with
 * the names of model.json's defaults; what is null follows from the rest.
 */

export const scenarioOf = (model, given = {}) => ({ ...model.defaults, ...given });

/** The homes that have a bill. */
export const homesOf = (model, it) => (it.postgres ? model.homes : model.sources);

export const snapshotBytes = ({ constants }, it) =>
  it.rows * (it.snapshot_row_bytes || constants.SNAPSHOT_BYTES_A_ROW_BYTE * it.row_bytes);

export const publishes = (it) => it.publishes_per_month ?? it.writes_per_month;

export const projections = ({ constants }, it) =>
  it.projected_per_month ?? Math.min(it.writes_per_month, constants.MONTH_S / constants.PROJECTION_WINDOW_S);

/** One row is asked for by its id, and the index that finds it costs half. */
export function readUnits({ constants }, it) {
  if (it.read_units !== null) return it.read_units;
  if (it.rows_per_read === 1) {
    return constants.HEAD_READ_UNITS + constants.INDEX_READ_UNITS * Math.ceil(it.row_bytes / constants.READ_UNIT_BYTES);
  }
  return constants.HEAD_READ_UNITS + Math.ceil((it.rows_per_read * it.row_bytes) / constants.READ_UNIT_BYTES);
}

/** The scenario's numbers by name, also those that follow from others. */
export const numbers = (model, it) => ({
  ...it,
  snapshot_row_bytes: snapshotBytes(model, it) / it.rows,
  publishes_per_month: publishes(it),
  projected_per_month: projections(model, it),
  read_units: readUnits(model, it),
});
