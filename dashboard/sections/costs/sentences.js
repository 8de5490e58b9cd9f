/** The bills in words: what is cheapest, until where, and what the figures are of. */

import { dollars } from "../../format.js";
import { findCrossings, isRealDifference } from "../../costs/study.js";
import { joined, quantity } from "../../costs/wording.js";

/** The values whose change is looked at. */
const VARIED = ["reads_per_month", "rows", "publishes_per_month"];

/** Name the cheapest, and those that nobody would choose it over for its price. */
export function cheapestOf(model, found) {
  const least = Math.min(...Object.values(found.totalsUsd));
  const near = Object.entries(found.totalsUsd).filter(
    ([source, usd]) => !found.cheapest.includes(source) && !isRealDifference(model, least, usd),
  );
  const same = found.cheapest.length > 1 ? ", which cost the same" : "";
  const alike = near.map(([source, usd]) => `${source} (${dollars(usd - least)} more)`);
  return `Cheapest: ${joined(found.cheapest)}${same}${near.length ? `; no real difference to ${joined(alike)}` : ""}.`;
}

/** Name each change of the cheapest, all else being as it is: a text for each value that is varied. */
export function changes(model, scenario) {
  return VARIED.map((name) => {
    const { noun, low, high } = model.ranges[name];
    const found = findCrossings(model, scenario, name);
    if (!found.length) return `${noun}: nowhere from ${quantity(low)} to ${quantity(high)}`;
    const steps = found.map((it) => `at ${quantity(it.at)}, from ${joined(it.below)} to ${joined(it.above)}`);
    return `${noun}: ${steps.join("; ")}`;
  });
}

/** Say of when and where the prices are, and what is left out. */
export const basis = (model) =>
  `AWS's list prices of ${model.region}, ${model.date}, for a month of 30 days. Left out: free tiers, discounts, taxes, ` +
  `traffic to the internet, alarms, backups, and what is off unless a setting switches it on: ${joined(model.left_out)}.`;
