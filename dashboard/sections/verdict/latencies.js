/** The times of a benchmark session that a verdict may rely on, as console/results/latency.py and verdict.py see them. */

import { UNKNOWN } from "./choice.js";

/** Fewer requests give the 95 % interval of a p99 no upper end: the slowest of them may lie below it. */
export const LEAST_P99 = Math.ceil(Math.log(0.025) / Math.log(0.99)); // 368

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** Tell whether the page is of a stack on this machine: then `ddb` is an emulator, and nothing shows a p99 on AWS. */
export const isLocal = () => LOOPBACK.includes(location.hostname);

/** Return what was measured of a workload, by home. @returns {Record<string, any>} */
export const measuredOf = (session, workload) =>
  Object.fromEntries(session.results.filter((it) => it.workload === workload).map((it) => [it.source, it]));

/** Return the homes of which so many requests failed that their times are those of the good ones alone. */
export const failingOf = ({ constants }, measured) =>
  Object.keys(measured).filter((source) => failedShare(measured[source]) > constants.FAILED_SHARE);

/** Return how many requests failed. */
export const failedOf = (result) => Object.values(result.errors).reduce((sum, count) => sum + count, 0);

const failedShare = (result) => failedOf(result) / Math.max(1, failedOf(result) + result.requests);

/**
 * Return the times that count, by home.
 * @param {any} model
 * @param {Record<string, any>} measured
 * @param {boolean} local
 * @returns {Record<string, import("./choice.js").Latency>}
 */
export function latenciesOf(model, measured, local) {
  const known = Object.entries(measured).filter(([source, { server_ms: times }]) => times && !(local && source === "ddb"));
  return Object.fromEntries(known.map(([source, result]) => [source, latency(model, result, local)]));
}

function latency({ constants }, { requests, server_ms: times }, local) {
  const isTold = requests >= constants.LEAST_COMPARED;
  return {
    requests,
    p50: times.p50,
    p50Interval: (isTold && times.p50_interval) || UNKNOWN,
    p99: times.p99,
    p99Interval: (isTold && !local && times.p99_interval) || UNKNOWN,
  };
}
