/**
 * The rule by which one home is chosen: console/verdict/choice.py, step by step the same; a test holds it to that.
 *
 * Of the homes whose p99 is shown to be within a wish (of all without one), the cheapest. Bills that are no real
 * difference apart: then the fastest by p50; where its intervals overlap no difference is shown, and the cheaper is taken.
 */

import { isRealDifference } from "../../costs/study.js";

/** @typedef {[number, number | null]} Bounds two ends; null: no upper one */
/** @typedef {{requests: number, p50: number, p50Interval: Bounds, p99: number, p99Interval: Bounds}} Latency */

/** @type {Bounds} */
export const UNKNOWN = [0, null];

const upper = ([, high]) => high ?? Infinity;

/** Tell whether two intervals share a point: then no difference is shown. */
export const overlap = (one, other) => one[0] <= upper(other) && other[0] <= upper(one);

/**
 * Apply the rule.
 * @param {any} model
 * @param {Record<string, number>} totalsUsd a month of each home that may be chosen
 * @param {Record<string, Latency>} latencies of those of them whose times count
 * @param {number | null} withinMs what the 99th percentile should meet
 * @returns {{path: string | null, decidedBy: "cost" | "latency" | null, paths: string[], nearest: string | null}}
 */
export function choose(model, totalsUsd, latencies, withinMs = null) {
  const all = Object.keys(totalsUsd);
  const timed = all.filter((source) => source in latencies);
  const paths = withinMs === null ? all : timed.filter((source) => upper(latencies[source].p99Interval) <= withinMs);
  if (!paths.length) {
    return { path: null, decidedBy: null, paths, nearest: least(timed, (source) => latencies[source].p99) };
  }
  const leastUsd = Math.min(...paths.map((source) => totalsUsd[source]));
  const alike = paths.filter((source) => !isRealDifference(model, leastUsd, totalsUsd[source]));
  const known = alike.filter((source) => source in latencies);
  const inTime = known.length ? known : alike;
  const fastest = fastestOf(inTime, latencies);
  const path = least(fastest, (source) => totalsUsd[source]);
  if (fastest.length < inTime.length) return { path, decidedBy: "latency", paths, nearest: null };
  return { path, decidedBy: alike.length < paths.length ? "cost" : null, paths, nearest: null };
}

/** Return the fastest by p50, and all that are not shown to be slower. */
function fastestOf(paths, latencies) {
  const intervalOf = (source) => latencies[source]?.p50Interval ?? UNKNOWN;
  const fastest = least(paths, (source) => intervalOf(source)[0] + upper(intervalOf(source)));
  return paths.filter((source) => overlap(intervalOf(source), intervalOf(fastest)));
}

/** Return the first with the least value; null of none. */
function least(items, valueOf) {
  return items.reduce((found, item) => (found === null || valueOf(item) < valueOf(found) ? item : found), null);
}
