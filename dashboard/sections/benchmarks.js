import { fill, make, table } from "../elements.js";
import { count, ms, time } from "../format.js";
import { latest } from "../latest.js";
import { failure, loading, nothing } from "../notice.js";
import { chart } from "./benchmarks/chart.js";
import { runner } from "./benchmarks/runner.js";
import { isLocal } from "./verdict/latencies.js";
import { change } from "./benchmarks/change.js";
import { showSession } from "./benchmarks/session.js";

export const title = "Benchmarks over time";
const WHAT =
  "Measured inside the function, by turns, without gateway and network. Changes are against the benchmark before, where " +
  "that one had as many rows and the same version, memory and region, and shown where the 95 % intervals do not overlap.";
const LOCAL = "This stack is on one machine: ddb is an emulator, and the files are not on EFS.";
const PERCENTILES = ["p50", "p90", "p99"];

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, context) {
  const { api, query } = context;
  const ending = new AbortController();
  const { signal } = ending;
  const [beginTrends, beginOne] = [latest(signal), latest(signal)];
  const view = { workload: query.get("workload") ?? "", percentile: query.get("percentile") ?? "p50", session: query.get("session") };
  const [over, one] = [make("div.part"), make("section.card", { "aria-labelledby": "session", hidden: true })];
  let shown = { close() {} };

  const open = (id) => {
    view.session = id;
    one.toggleAttribute("hidden", !id);
    remember(context, view);
    if (id) showSession(one, api, id, beginOne());
  };
  const start = async () => {
    const mine = beginTrends();
    try {
      const { trends } = (await api.get("/benchmarks/trends", { signal: mine })).body;
      shown.close();
      shown = showTrends(over, trends, view, open, context);
    } catch (error) {
      if (!mine.aborted) fill(over, failure(error, start));
    }
  };
  const done = async (session) => {
    context.announce("The benchmark is done");
    await start();
    if (!signal.aborted) open(session.id);
  };
  const measure = make("section.card", { "aria-labelledby": "measure" }, make("h2", { id: "measure" }, "Measure the homes"), runner(api, signal, done));
  fill(over, loading());
  fill(root, over, one, measure);
  if (view.session) open(view.session);
  start();
  return {
    refresh: start,
    close: () => {
      ending.abort();
      shown.close();
    },
  };
}

function showTrends(root, trends, view, open, context) {
  if (!trends.some(({ points }) => points.length)) {
    const how = ["Measure below, or from a machine near the API with ", make("code", {}, "python -m console bench"), ". The function needs some rows to measure on."];
    fill(root, nothing("No benchmark in the last 90 days", ...how));
    return { close() {} };
  }
  const workloads = [...new Set(trends.map(({ workload }) => workload))];
  if (!workloads.includes(view.workload)) view.workload = workloads[0];
  if (!PERCENTILES.includes(view.percentile)) view.percentile = "p50";
  const place = make("div.part");
  let drawn = { close() {} };
  const draw = () => {
    drawn.close();
    const mine = trends.filter(({ workload }) => workload === view.workload);
    const lines = mine.map(({ source, points }) => ({ source, points: points.map((it) => ({ at: it.started_at, ms: it[`${view.percentile}_ms`] })) }));
    drawn = chart(`${view.percentile} of ${view.workload} over time by home; the table below has the numbers`, lines);
    fill(place, drawn.element, sessions(mine, view, open));
  };
  const choose = (changes) => {
    Object.assign(view, changes);
    remember(context, view);
    draw();
  };
  fill(
    root,
    make(
      "section.card",
      { "aria-labelledby": "trend" },
      make(
        "div.card-head",
        {},
        make("h2", { id: "trend" }, "Time in the function"),
        make(
          "div.controls",
          {},
          choice("Workload", workloads, view.workload, (workload) => choose({ workload })),
          choice("Percentile", PERCENTILES, view.percentile, (percentile) => choose({ percentile })),
        ),
      ),
      make("p.note", {}, WHAT, isLocal() && ` ${LOCAL}`),
      place,
    ),
  );
  draw();
  return { close: () => drawn.close() };
}

function choice(label, names, chosen, onChoose) {
  const options = names.map((name) => make("option", { value: name, selected: name === chosen }, name));
  return make("label.field", {}, make("span", {}, label), make("select", { onchange: (event) => onChoose(event.target.value) }, ...options));
}

/** Make the table of sessions, newest first: for each home the percentile, and its change against the session before. */
function sessions(trends, { percentile }, open) {
  const all = new Map();
  for (const { source, points } of trends) {
    for (const point of points) all.set(point.id, { ...all.get(point.id), at: point.started_at, rows: point.rows, [source]: point });
  }
  const columns = [{ text: "started, UTC" }, { text: "rows", isNumber: true }, ...trends.map(({ source }) => ({ text: source, isNumber: true }))];
  const rows = [...all].sort(([one], [other]) => Number(other) - Number(one)).map(([id, it]) => [
    make("button.link", { type: "button", onclick: () => open(id), "aria-label": `Show the benchmark of ${time(it.at)}` }, time(it.at)),
    count(it.rows),
    ...trends.map(({ source, points }) => (it[source] ? cell(points, it[source], percentile) : "–")),
  ]);
  return table(`${percentile} by benchmark and home`, columns, rows);
}

const cell = (points, point, percentile) => make("span", {}, ms(point[`${percentile}_ms`]), change(points, point, percentile));

function remember(context, { workload, percentile, session }) {
  context.remember(Object.fromEntries(Object.entries({ workload, percentile, session }).filter(([, value]) => value)));
}
