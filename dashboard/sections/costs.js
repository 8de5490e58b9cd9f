import { bars } from "./costs/bars.js";
import { assumptions } from "./costs/assumptions.js";
import { keepLoad, measuredData, startingLoad } from "./costs/load.js";
import { loadModel } from "../costs/model.js";
import { basis, changes, cheapestOf } from "./costs/sentences.js";
import { sliders } from "./costs/sliders.js";
import { study } from "../costs/study.js";
import { fill, make, table } from "../elements.js";
import { count, dollars } from "../format.js";
import { failure, isAborted, loading } from "../notice.js";

export const title = "What it costs";
const STALE = "Bill of the last valid values: a field above holds none.";
const WRITE = "A write is one call of POST /insert; each publishes a snapshot, unless the assumptions say otherwise.";
const SETTLED_MS = 150; // where the cheapest changes is looked for once the slider rests so long

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, context) {
  const ending = new AbortController();
  const start = async () => {
    fill(root, loading());
    try {
      const model = await loadModel();
      const measured = await measuredData(context.api, model, ending.signal).catch((error) => {
        if (isAborted(error)) throw error;
        return { values: {}, problem: error };
      });
      if (!ending.signal.aborted) show(root, context, model, measured);
    } catch (error) {
      if (!isAborted(error)) fill(root, failure(error, start));
    }
  };
  start();
  return { close: () => ending.abort() };
}

function show(root, context, model, known) {
  const { query, remember, announce } = context;
  const { values: measured, problem = null } = known;
  const { scenario, given } = startingLoad(model, measured, query);
  const parts = { bill: make("div.part"), lines: make("div.part"), cheapest: make("p.strong"), changes: make("ul.plain") };
  let timer = 0;
  const update = () => {
    const found = study(model, scenario);
    fill(parts.bill, bars(model, found));
    fill(parts.lines, lineTable(model, found));
    fill(parts.cheapest, cheapestOf(model, found));
    clearTimeout(timer);
    timer = setTimeout(() => fill(parts.changes, ...changes(model, scenario).map((text) => make("li", {}, text))), SETTLED_MS);
  };
  const change = (name, value) => {
    scenario[name] = value;
    given[name] = value;
    update();
  };
  const settle = () => {
    keepLoad(given);
    remember(given);
    announce(cheapestOf(model, study(model, scenario)));
  };
  const reset = () => {
    keepLoad({});
    remember({});
    show(root, { ...context, query: new URLSearchParams() }, model, known);
    root.querySelector("#reset").focus();
    announce("The load is as it was at first");
  };
  const stale = make("p.stale", { role: "status" });
  const mark = (event) => {
    const isStale = event.currentTarget.querySelector('[aria-invalid="true"]') !== null;
    for (const part of [parts.bill, parts.lines]) part.toggleAttribute("data-stale", isStale);
    stale.textContent = isStale ? STALE : "";
  };
  fill(
    root,
    problem && failure(problem),
    make(
      "section.card",
      { "aria-labelledby": "load", oninput: mark },
      make("div.card-head", {}, make("h2", { id: "load" }, "Your load"), make("button.quiet", { id: "reset", type: "button", onclick: reset }, "Reset")),
      make("p.note", {}, `${origin(measured)} ${WRITE}`),
      sliders(model, scenario, change, settle),
      assumptions(model, scenario, measured, change, settle),
    ),
    make(
      "div.wide-columns",
      {},
      make("section.card", { "aria-labelledby": "bill" }, make("h2", { id: "bill" }, "A month, by home"), stale, parts.bill),
      make(
        "section.card",
        { "aria-labelledby": "says" },
        make("h2", { id: "says" }, "What that says"),
        parts.cheapest,
        make("p", {}, "All else being equal, the cheapest home changes"),
        parts.changes,
        make("p.note", {}, basis(model)),
        make("p.note", {}, "The same model, with every option: ", make("code", {}, "python -m console cost")),
      ),
    ),
    make("section.card", { "aria-labelledby": "lines" }, make("h2", { id: "lines" }, "Line by line"), parts.lines),
  );
  update();
}

const origin = ({ rows, row_bytes: rowBytes }) =>
  rows
    ? `Starts at the ${count(rows)} rows of this data set${rowBytes ? ` and their size of ${count(rowBytes)} bytes each in the ledger` : ""}.`
    : "This data set has no rows yet: an example.";

function lineTable(model, found) {
  const columns = [{ text: "USD a month" }, ...found.homes.map((text) => ({ text, isNumber: true }))];
  const amount = (source, name) => (found.bills[source]?.[name] ? cents(found.bills[source][name]) : "–");
  const rows = Object.keys(found.bills.ddb).map((name) => [name, ...found.homes.map((source) => amount(source, name))]);
  const total = (source) => make("strong", {}, source in found.totalsUsd ? cents(found.totalsUsd[source]) : "cannot run");
  return table("A month's bill, line by line", columns, [...rows, [make("strong", {}, "Sum"), ...found.homes.map(total)]]);
}

const cents = (usd) => (usd < 0.005 ? "<0.01" : dollars(usd).replace(" USD", ""));
