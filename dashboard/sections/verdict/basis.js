/** The grounds of a verdict: which benchmark, what the bills start from, the rule; and what to run where there is none. */

import { make } from "../../elements.js";
import { ago, count, counted, seconds, time } from "../../format.js";

const GROWTH = 0.1; // beyond it other rows were measured than are there
const epochOf = (bookmark) => bookmark.split(".")[0];

/**
 * Return the card's content.
 * @param {any} model
 * @param {any} session the newest benchmark; null where there is none
 * @param {{bookmark: string | null, values: Record<string, number>}} measured what the data set says of itself
 */
export function basisOf(model, session, measured) {
  return [
    make("h2", { id: "basis" }, "What this is based on"),
    make(
      "ul.plain",
      {},
      make("li", {}, ...(session ? benchmark(session, measured) : missing())),
      make("li", {}, "Bills: ", make("a", { href: "#/costs" }, "the cost calculator"), `, AWS's list prices of ${model.region}, ${model.date}.`),
      make("li", {}, rule(model.constants)),
    ),
  ];
}

function benchmark(session, measured) {
  const state = session.complete ? "" : "; stopped early, for time";
  const { bookmark, values } = measured;
  const isOther = bookmark !== null && epochOf(bookmark) !== epochOf(session.bookmark);
  const hasGrown = !isOther && Math.abs((values.rows ?? session.rows) / session.rows - 1) > GROWTH;
  return [
    "Times: ",
    make("a", { href: `#/benchmarks?session=${session.id}` }, `the benchmark of ${time(session.started_at)} UTC`),
    ` (${ago(session.started_at)}), of ${counted(session.rows, "row")}, up to ${counted(session.settings.iterations, "request")} each`,
    ` in ${seconds(session.duration_ms / 1000)}${state}. It measures inside the function: what gateway and network add is the same for every home.`,
    hasGrown && make("strong", {}, ` Since then the data set has come to ${count(values.rows)} rows: measure again.`),
    isOther && make("strong", {}, " It is of another history of this data set: measure again."),
  ];
}

const missing = () => [
  make("strong", {}, "No benchmark yet"),
  ", so there are no times. ",
  make("a", { href: "#/benchmarks" }, "Run one here"),
  ", or from a machine near the API: ",
  make("code", {}, "python -m console bench"),
  ".",
];

const rule = ({ REAL_USD, REAL_SHARE, FAILED_SHARE }) =>
  `Rule: of the homes of which at most ${FAILED_SHARE * 100} % of the requests failed, and whose p99 is shown to be within your wish, ` +
  `the cheapest. Less than ${REAL_USD} USD a month or less than ${REAL_SHARE * 100} % is no real difference: then the fastest by p50, ` +
  "if the 95 % intervals show one, else the cheaper.";
