/** One home: its last round trip and its usual one, the phases as bars, the receipt. */

import { figure, fill, make } from "../../elements.js";
import { bytes, count, ms, number } from "../../format.js";
import { failure, loading } from "../../notice.js";

const PHASES = ["feed", "connect", "check", "open", "copy", "close", "ledger", "query"];
/** Members of a receipt, and how each is shown. */
const RECEIPT = {
  read_units: ["read units of DynamoDB", number],
  efs_metadata_operations: ["metadata operations of EFS", count],
  efs_reads: ["data reads of EFS", count],
  efs_metered_bytes: ["metered by EFS", bytes],
  copied_bytes: ["copied to /tmp", bytes],
  database_rows: ["rows of PostgreSQL", count],
  database_ms: ["in PostgreSQL", ms],
  database_connections: ["connections to PostgreSQL", count],
  billed_ms: ["billed", (value) => `${count(value)} ms`],
  init_ms: ["cold start, CPU", ms],
};

/**
 * Make a home's card.
 * @param {string} home
 * @param {number} place among the homes: its colour
 */
export function card(home, place) {
  const body = make("div.card-body", {}, loading());
  const element = make(
    "section.card.home",
    { "aria-label": home, style: { "--home": `var(--series-${(place % 5) + 1})` } },
    make("h2", {}, home),
    body,
  );
  return {
    element,
    /** @param {import("./rounds.js").Sample[]} samples @param {number} worstMs what a whole bar stands for */
    show(samples, worstMs) {
      const last = samples.at(-1);
      if (!last) fill(body, loading());
      else if (last.problem) fill(body, failure(last.problem));
      else fill(body, last.isFromEdge && edge(last), ...measured(samples, worstMs));
    },
  };
}

/** An answer in which the home had no part: shown as such, and in none of its figures. */
function edge(last) {
  const badge = make("span.badge", { "data-kind": "plain" }, "from the edge's cache");
  return make("p.note", {}, badge, ` The last answer, after ${ms(last.roundTripMs)}: the home was not asked. Figures are of its own answers.`);
}

/** The figures of the last answer that the home gave itself; none before there is one. */
function measured(samples, worstMs) {
  const own = samples.filter((sample) => !sample.isFromEdge);
  const last = own.findLast((sample) => !sample.problem);
  return last ? content(own, last, worstMs) : [];
}

function content(samples, last, worstMs) {
  const times = samples.flatMap((sample) => (sample.roundTripMs === null ? [] : [sample.roundTripMs])).sort((a, b) => a - b);
  const usual = times[Math.floor((times.length - 1) / 2)];
  const around = Math.max(0, last.roundTripMs - last.totalMs);
  const phases = inOrder(last.phases);
  const half = times.length > 1 ? `half within ${ms(usual)}` : "the first answer";
  return [
    make(
      "dl.pair",
      {},
      figure("Round trip", ms(last.roundTripMs), half),
      figure("In the function", ms(last.totalMs), `${bytes(last.bytes)} answered`),
    ),
    bar("Round trip", [["function", last.totalMs], ["network and gateway", around]], worstMs),
    bar("In the function", phases, last.totalMs),
    receipt(last),
  ];
}

/** The known phases in the order in which they happen, then any other. */
function inOrder(phases) {
  const rank = (name) => (PHASES.indexOf(name) + PHASES.length + 1) % (PHASES.length + 1);
  return Object.entries(phases).sort(([a], [b]) => rank(a) - rank(b));
}

/** A bar with its legend; the whole width stands for `wholeMs`. */
function bar(name, parts, wholeMs) {
  const share = (value) => `${wholeMs ? Math.min(100, (100 * value) / wholeMs) : 0}%`;
  const pieces = parts.map(([part, value]) => make("span.piece", { "data-phase": part, style: { width: share(value) } }));
  const said = parts.map(([part, value]) => `${part} ${ms(value)}`).join(", ");
  return make(
    "div.measure",
    {},
    make("div.bar", { role: "img", "aria-label": `${name}: ${said}` }, ...pieces),
    make("ul.legend", {}, ...parts.map(([part, value]) => key(part, value))),
  );
}

function key(name, value) {
  return make("li", {}, make("span.swatch", { "data-phase": name }), name, " ", make("strong", {}, ms(value)));
}

function receipt(last) {
  const used = Object.entries(RECEIPT).filter(([name]) => last.consumed?.[name]);
  const pairs = used.map(([name, [words, shown]]) => [words, shown(last.consumed[name])]);
  const all = [...pairs, ["bookmark", make("span.mono", {}, last.bookmark)]];
  return make("dl.receipt", {}, ...all.flatMap(([words, value]) => [make("dt", {}, words), make("dd", {}, value)]));
}
