/** One home: its last round trip and its usual one, the phases as a bar, the receipt. */

import { fill, make } from "../../elements.js";
import { bytes, count, ms, number } from "../../format.js";
import { failure, loading } from "../../notice.js";

const PHASES = ["check", "open", "copy", "close", "ledger", "query"];
/** Members of a receipt, and how each is shown. */
const RECEIPT = {
  read_units: ["read units of DynamoDB", number],
  efs_metadata_operations: ["metadata operations of EFS", count],
  efs_reads: ["data reads of EFS", count],
  efs_metered_bytes: ["metered by EFS", bytes],
  copied_bytes: ["copied to /tmp", bytes],
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
      else fill(body, ...content(samples, last, worstMs));
    },
  };
}

function content(samples, last, worstMs) {
  const times = samples.flatMap((sample) => (sample.roundTripMs === null ? [] : [sample.roundTripMs])).sort((a, b) => a - b);
  const usual = times[Math.floor((times.length - 1) / 2)];
  const others = samples.length > 1 ? `half of ${count(times.length)} within ${ms(usual)}` : "first answer";
  const around = Math.max(0, last.roundTripMs - last.totalMs);
  const parts = [...inOrder(last.phases), ["network", around]];
  return [
    make("p.large", {}, ms(last.roundTripMs), make("span.note", {}, ` round trip, ${others}`)),
    bar(parts, last.roundTripMs, worstMs),
    make("ul.legend", {}, ...parts.map(([name, value]) => key(name, value))),
    receipt(last),
  ];
}

/** The known phases in the order in which they happen, then any other. */
function inOrder(phases) {
  const rank = (name) => (PHASES.indexOf(name) + PHASES.length + 1) % (PHASES.length + 1);
  return Object.entries(phases).sort(([a], [b]) => rank(a) - rank(b));
}

function bar(parts, wholeMs, worstMs) {
  const share = (value, of) => `${of ? (100 * value) / of : 0}%`;
  const pieces = parts.map(([name, value]) =>
    make("span.piece", { "data-phase": name, style: { width: share(value, wholeMs) } }),
  );
  const said = parts.map(([name, value]) => `${name} ${ms(value)}`).join(", ");
  const drawn = make("span.pieces", { style: { width: share(wholeMs, worstMs) } }, ...pieces);
  return make("div.bar", { role: "img", "aria-label": said }, drawn);
}

function key(name, value) {
  return make("li", {}, make("span.swatch", { "data-phase": name }), name, " ", make("strong", {}, ms(value)));
}

function receipt(last) {
  const used = Object.entries(RECEIPT).filter(([name]) => last.consumed?.[name]);
  const pairs = used.map(([name, [words, shown]]) => [words, shown(last.consumed[name])]);
  const all = [...pairs, ["answer", bytes(last.bytes)], ["bookmark", make("span.mono", {}, last.bookmark)]];
  return make("dl.receipt", {}, ...all.flatMap(([words, value]) => [make("dt", {}, words), make("dd", {}, value)]));
}
