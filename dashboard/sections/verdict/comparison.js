/** The homes side by side, as the rule sees them: bill, times with their intervals, failures. */

import { make, table } from "../../elements.js";
import { count, dollars, ms } from "../../format.js";
import { failedOf } from "./latencies.js";
import { between } from "./sentences.js";
import { UNKNOWN } from "./choice.js";

/**
 * Make the table.
 * @param {any} model
 * @param {any} it what the rule was applied to, and its choice
 * @param {number | null} withinMs
 */
export function comparison(model, it, withinMs) {
  const columns = [
    { text: "home" },
    { text: "USD a month", isNumber: true },
    { text: "p50", isNumber: true },
    { text: "95 % interval" },
    { text: "p99", isNumber: true },
    { text: "95 % interval" },
    { text: "requests", isNumber: true },
    { text: "failed", isNumber: true },
    ...(withinMs === null ? [] : [{ text: `within ${ms(withinMs)}` }]),
  ];
  return table("Bills and times by home", columns, it.found.homes.map((source) => row(source, it, withinMs)));
}

function row(source, { found, measured, choice, latencies, local }, withinMs) {
  const result = measured[source];
  const times = result?.server_ms;
  const interval = (known) => (known && known !== UNKNOWN ? between(known) : "not known");
  const emulated = local && source === "ddb" && times;
  const usd = found.totalsUsd[source];
  return [
    make("span.named", {}, source, choice.path === source && make("span.badge", { "data-kind": "good" }, "chosen")),
    usd === undefined ? "cannot run" : dollars(usd).replace(" USD", ""),
    times ? ms(times.p50) : "–",
    emulated ? "an emulator's" : times ? interval(latencies[source]?.p50Interval) : "–",
    times ? ms(times.p99) : "–",
    emulated ? "an emulator's" : times ? interval(latencies[source]?.p99Interval) : "–",
    result ? count(result.requests) : "–",
    result ? count(failedOf(result)) : "–",
    ...(withinMs === null ? [] : [choice.paths.includes(source) ? "yes" : "not shown"]),
  ];
}
