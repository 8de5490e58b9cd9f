/**
 * A scenario looked at from all sides, as console/costs/study.py does: bills of the paths that can run, the cheapest,
 * and where that changes.
 */

import { bills, sum, totals } from "./bill.js";
import { cheapest, crossings } from "./crossover.js";
import { obstacles } from "./feasibility.js";
import { homesOf } from "./scenario.js";

export function study(model, scenario) {
  const cannotRun = obstacles(model, scenario);
  const paid = Object.fromEntries(Object.entries(bills(model, scenario)).filter(([source]) => !(source in cannotRun)));
  const totalsUsd = Object.fromEntries(Object.entries(paid).map(([source, lines]) => [source, sum(lines)]));
  return { homes: homesOf(model, scenario), cannotRun, bills: paid, totalsUsd, cheapest: cheapest(model, totalsUsd) };
}

/** Where the cheapest path changes as one value grows, all else being as it is. */
export function findCrossings(model, scenario, name) {
  const { low, high } = model.ranges[name];
  return crossings(model, (value) => runnable(model, { ...scenario, [name]: value }), low, high);
}

/** Each path's sum; no sum is enough for one that cannot run. */
function runnable(model, scenario) {
  const infinite = Object.keys(obstacles(model, scenario)).map((source) => [source, Infinity]);
  return { ...totals(model, scenario), ...Object.fromEntries(infinite) };
}

/** Bills that differ by 1 USD and by 10 %: one would choose by them. */
export function isRealDifference({ constants }, oneUsd, otherUsd) {
  const apart = Math.abs(oneUsd - otherUsd);
  return apart >= constants.REAL_USD && apart >= constants.REAL_SHARE * Math.min(oneUsd, otherUsd);
}
