/** The paths that cannot run at all, so that they have no price, as console/costs/feasibility.py finds them. */

import { bytes } from "../format.js";
import { snapshotBytes } from "./scenario.js";
import { quantity } from "./wording.js";

/** {path: reason}. A segment is built in /tmp before it is published, and `sqlite-tmp` keeps a copy of all there. */
export function obstacles(model, scenario) {
  const { MB, RANGE_ROWS } = model.constants;
  const snapshot = snapshotBytes(model, scenario);
  const built = (Math.min(scenario.rows, RANGE_ROWS) * snapshot) / scenario.rows;
  const room = scenario.tmp_mb * MB;
  if (built > room) {
    const reason = `a segment of ${bytes(built)} cannot be built ${inTmp(model, scenario, built)}`;
    return { "sqlite-efs": reason, "sqlite-tmp": reason };
  }
  if (snapshot > room) {
    return { "sqlite-tmp": `a copy of ${bytes(snapshot)} does not fit ${inTmp(model, scenario, snapshot)}` };
  }
  return {};
}

function inTmp(model, scenario, needed) {
  const { most } = model.inputs.tmp_mb;
  const remedy = needed <= most * model.constants.MB ? `set tmpMb, at most ${quantity(most)}` : "Lambda has no more";
  return `in ${quantity(scenario.tmp_mb)} MB of /tmp (${remedy})`;
}
