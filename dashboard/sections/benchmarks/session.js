/** One benchmark: what was measured of each home, what a request consumed, where it ran. */

import { fill, make, table } from "../../elements.js";
import { bytes, count, counted, ms, number, seconds, time } from "../../format.js";
import { failure, loading } from "../../notice.js";

const FIGURES = ["p50", "p90", "p99", "max"];

/**
 * Show one benchmark in a card.
 * @param {HTMLElement} card
 * @param {import("../../api.js").Api} api
 * @param {string} id
 * @param {AbortSignal} signal ends the call: the section is closed, or another benchmark is shown
 */
export async function showSession(card, api, id, signal) {
  fill(card, loading());
  try {
    const { body } = await api.get(`/benchmarks/${encodeURIComponent(id)}`, { signal });
    fill(card, ...content(body));
  } catch (error) {
    if (!signal.aborted) fill(card, failure(error, () => showSession(card, api, id, signal)));
  }
}

function content(session) {
  const { environment, settings } = session;
  const where = [environment.region, environment.memory_mb && `${count(environment.memory_mb)} MB`, environment.architecture];
  const build = `version ${environment.version}, Python ${environment.python}, SQLite ${environment.sqlite}`;
  return [
    make(
      "div.card-head",
      {},
      make("h2", { id: "session" }, `${time(session.started_at)} UTC`),
      make(
        "span.links",
        {},
        make("a", { href: `/api/benchmarks/${session.id}/report.md`, target: "_blank", rel: "noopener" }, "report (Markdown, new tab)"),
        make("a", { href: `/api/benchmarks/${session.id}/results.csv`, download: `benchmark-${session.id}.csv` }, "CSV"),
      ),
    ),
    make(
      "p.note",
      {},
      `${counted(session.rows, "row")} at ${session.bookmark}; up to ${counted(settings.iterations, "request")} each in ${seconds(session.duration_ms / 1000)}` +
        `${session.complete ? "" : ": stopped early, for time"}. ${[...where, build].filter(Boolean).join(", ")}.`,
    ),
    table("Results of this benchmark", columns(), session.results.map(row)),
  ];
}

const columns = () => [
  { text: "workload" },
  { text: "home" },
  ...[...FIGURES, "requests", "failed", "billed", "read units", "from EFS"].map((text) => ({ text, isNumber: true })),
];

function row({ workload, source, requests, errors, server_ms: times, consumed }) {
  const each = (name) => (requests && typeof consumed[name] === "number" ? consumed[name] / requests : null);
  const failed = Object.entries(errors).map(([status, times_]) => `${status}: ${times_}`);
  return [
    workload,
    source,
    ...FIGURES.map((name) => (times ? ms(times[name]) : "–")),
    count(requests),
    failed.join(", ") || "0",
    ms(each("billed_ms")),
    number(each("read_units")),
    bytes(each("efs_metered_bytes") === null ? null : Math.round(each("efs_metered_bytes"))),
  ];
}
