/** The verdict in words: why this home, how far the others are from it, and what speaks against relying on it. */

import { joined, quantity } from "../../costs/wording.js";
import { isRealDifference } from "../../costs/study.js";
import { counted, dollars, ms } from "../../format.js";
import { overlap, UNKNOWN } from "./choice.js";
import { LEAST_P99 } from "./latencies.js";

export const LOCAL =
  "Measured on this machine: the times of ddb are an emulator's and decide nothing, and those of the SQLite homes lack " +
  "EFS and a network. Measure on AWS before you rely on it.";

/** Say where a percentile lies. @param {import("./choice.js").Bounds} interval */
export const between = ([low, high]) => (high === null ? `${ms(low)} or more` : `${ms(low)} to ${ms(high)}`);

/** Say what the chosen home costs, and how far the others are from that. */
export function cost(model, totalsUsd, { path, paths, decidedBy }) {
  const own = totalsUsd[path];
  const others = paths.filter((source) => source !== path);
  const isFar = (source) => isRealDifference(model, own, totalsUsd[source]);
  const apart = others.filter(isFar).map((source) => {
    const more = totalsUsd[source] - own;
    return `${dollars(Math.abs(more))} ${more > 0 ? "less" : "more"} than ${source}`;
  });
  const alike = others.filter((source) => !isFar(source)).map((source) => `${source} (${dollars(totalsUsd[source])})`);
  return `It costs ${[
    `${dollars(own)} a month`,
    joined(apart),
    alike.length && `with no real difference to ${joined(alike)}`,
    decidedBy && `so ${decidedBy} decides`,
  ]
    .filter(Boolean)
    .join(", ")}.`;
}

/** Say how fast the chosen home is, and the others beside it. */
export function speed(model, latencies, { path, paths }) {
  const own = latencies[path];
  if (!own) return "";
  const others = paths.filter((source) => source !== path && latencies[source]);
  const beside = others.map((source) => besideOf(model, own, latencies[source], source));
  return `A typical read (p50) takes ${ms(own.p50)} in the function${beside.length ? `, ${joined(beside)}` : ""}.`;
}

function besideOf({ constants }, own, other, source) {
  const few = Math.min(own.requests, other.requests) < constants.LEAST_COMPARED;
  if (few || own.p50Interval === UNKNOWN || other.p50Interval === UNKNOWN) return `with too little known to compare it with ${source}`;
  if (overlap(own.p50Interval, other.p50Interval)) return `with no difference shown to ${source}`;
  return `${ms(Math.abs(other.p50 - own.p50))} ${own.p50 < other.p50 ? "less" : "more"} than on ${source}`;
}

/** Say what came of the wished p99; nothing without one. */
export function wish(latencies, { path, paths, nearest }, withinMs, sources, local) {
  if (withinMs === null) return "";
  const tail = (source) => tailOf(latencies[source]);
  if (path === null && nearest === null) return `No home is shown to be within ${ms(withinMs)} at p99: no latency is known.`;
  if (path === null && local) {
    const here = `here: ${tail(nearest)} on ${nearest}`;
    return `Measured on this machine, which shows nothing about a latency on AWS (${here}). Measure there, or clear the wish.`;
  }
  if (path === null) {
    const said = `No home is shown to be within ${ms(withinMs)} at p99: the nearest is ${nearest} with ${tail(nearest)}.`;
    return [said, tooFew(latencies, sources)].filter(Boolean).join(" ");
  }
  const others = sources.filter((source) => !paths.includes(source)).map((source) => `${source} (${tail(source)})`);
  return `Its p99, ${tail(path)}, is within ${ms(withinMs)}${others.length ? `; not shown to be: ${joined(others)}` : ""}.`;
}

/** Say that more requests would tell more; nothing where there were enough of every home. */
function tooFew(latencies, sources) {
  const requests = Math.min(...sources.filter((source) => latencies[source]).map((source) => latencies[source].requests));
  return requests < LEAST_P99 ? `${counted(requests, "request")} ${requests === 1 ? "is" : "are"} too few to show a p99; measure with 1000.` : "";
}

function tailOf(known) {
  if (!known) return "not measured";
  return known.p99Interval === UNKNOWN ? ms(known.p99) : `${ms(known.p99)}, ${between(known.p99Interval)}`;
}

/** Say of what load the verdict is. */
export const load = (scenario) =>
  `For ${quantity(scenario.rows)} rows, ${quantity(scenario.reads_per_month)} reads and ` +
  `${quantity(scenario.writes_per_month)} writes a month`;
