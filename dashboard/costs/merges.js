/**
 * The bytes that publishing writes: the merge rule that publishers follow, simulated, as console/costs/merges.py does.
 */

import { publishes, snapshotBytes } from "./scenario.js";

export function publishBytes(model, scenario) {
  const published = publishes(scenario);
  if (!published) return 0;
  const added = Math.min(scenario.rows, (scenario.writes_per_month * scenario.rows_per_write) / published);
  const whole = snapshotBytes(model, scenario);
  const least = model.constants.SEGMENT_BYTES;
  const merged = least + (writtenRows(model.constants, Math.max(1, rounded(added))) * whole) / scenario.rows;
  return Math.min(merged, Math.max(least, whole));
}

const known = new Map();

/** How many rows a publish of so many new ones writes on average, beside a snapshot too large to merge. */
export function writtenRows(constants, added) {
  if (!known.has(added)) known.set(added, simulated(constants, added));
  return known.get(added);
}

function simulated(constants, added) {
  const count = Math.max(1, Math.floor(constants.MERGED_ROWS / added));
  let sizes = [];
  let written = 0;
  for (let number = 0; number < count; number += 1) {
    const [merged, rows] = mergedRows(constants, sizes, added);
    sizes = [rows, ...sizes.slice(merged)];
    written += rows;
  }
  return written / count;
}

function mergedRows({ MERGED_ROWS, SMALL_ROWS, GROWTH }, sizes, added) {
  let rows = added;
  for (const [count, size] of sizes.entries()) {
    if (rows + size > MERGED_ROWS || size >= Math.max(SMALL_ROWS, GROWTH * rows)) return [count, rows];
    rows += size;
  }
  return [sizes.length, rows];
}

/** Python's round: a half goes to the even neighbour. */
function rounded(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 ? below + 1 : below;
}
