/** The times of the latest rounds as lines, one for each home; logarithmic, since homes differ by factors. */

import { draw, fill, make, table } from "../../elements.js";
import { count, ms } from "../../format.js";
import { KEPT } from "./rounds.js";

/** What a line shows of a sample; null where the call failed, or the edge's cache has answered. */
const MEASURES = {
  "round trips": (sample) => (sample.isFromEdge ? null : sample.roundTripMs),
  "times in the function": (sample) => (sample.isFromEdge || sample.problem ? null : sample.totalMs),
};
const WIDTH = 1000;
const HEIGHT = 220;
const LEFT = 64;
const BOTTOM = 24;
const FEWEST = 15; // rounds that the width has room for, so that the first lines are no zigzag

/** @param {string[]} homes */
export function historyChart(homes) {
  const picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", preserveAspectRatio: "none", class: "history" });
  const labels = make("div.history-labels", { "aria-hidden": "true" });
  const figures = make("div");
  const legend = make(
    "ul.legend",
    {},
    ...homes.map((home, place) => make("li", {}, make("span.swatch", { style: { background: seriesColour(place) } }), home)),
  );
  const choice = /** @type {HTMLSelectElement} */ (
    make("select", { onchange: () => show(shown) }, ...Object.keys(MEASURES).map((name) => make("option", {}, name)))
  );
  /** @type {import("./rounds.js").Sample[][]} */
  let shown = [];
  const details = make("details", {}, make("summary", {}, "As a table"), figures);
  const element = make(
    "section.card",
    { "aria-label": "The rounds so far" },
    make("div.card-head", {}, make("h2", {}, `The last ${KEPT} rounds`), make("label.field.inline", {}, make("span", {}, "Draw"), choice), legend),
    make("div.history-frame", {}, picture, labels),
    details,
  );

  /** @param {import("./rounds.js").Sample[][]} samples of each home, oldest first */
  function show(samples) {
    shown = samples;
    const series = samples.map((one) => one.map((sample) => ({ round: sample.round, isFromEdge: sample.isFromEdge, ms: MEASURES[choice.value](sample) })));
    const times = timesOf(series.flat());
    element.toggleAttribute("hidden", times.length === 0);
    if (!times.length) return;
    const scale = scaleOf(times, series);
    fill(picture, ...grid(scale), ...series.flatMap((points, place) => [line(points, place, scale), marks(points, place, scale)]));
    fill(labels, ...scale.ticks.map((tick) => make("span", { style: { top: `${(100 * scale.y(tick)) / HEIGHT}%` } }, ms(tick))));
    picture.setAttribute("aria-label", homes.map((home, place) => said(home, series[place])).join("; "));
    fill(figures, asTable(choice.value, homes, series));
  }

  return { element, show };
}

const seriesColour = (place) => `var(--series-${(place % 5) + 1})`;

/** @param {{round: number, ms: number | null}[]} points */
const timesOf = (points) => points.flatMap(({ ms: time }) => time ?? []);

function scaleOf(times, series) {
  const low = 10 ** Math.floor(Math.log10(Math.max(0.01, Math.min(...times))));
  const high = Math.max(low * 10, 10 ** Math.ceil(Math.log10(Math.max(...times))));
  const rounds = series.flat().map(({ round }) => round);
  const last = Math.max(...rounds);
  const first = Math.max(1, last - KEPT + 1);
  const width = Math.max(FEWEST, last - first + 1) - 1;
  const ticks = [];
  for (let tick = low; tick <= high * 1.01; tick *= 10) ticks.push(tick);
  return {
    ticks,
    x: (round) => LEFT + ((WIDTH - LEFT - 8) * (round - first)) / width,
    y: (value) => 8 + (HEIGHT - BOTTOM - 8) * (1 - Math.log10(Math.max(low, value) / low) / Math.log10(high / low)),
  };
}

function grid({ ticks, y }) {
  return ticks.map((tick) => draw("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(tick), y2: y(tick), "vector-effect": "non-scaling-stroke" }));
}

/** A line through what was answered; where a call failed, or the home was not asked, there is a gap. */
function line(points, place, { x, y }) {
  const steps = points.map(({ round, ms: time }, i) => {
    if (time === null) return "";
    const isAfter = i > 0 && points[i - 1].ms !== null;
    return `${isAfter ? "L" : "M"}${x(round).toFixed(1)} ${y(time).toFixed(1)}`;
  });
  return draw("path", { class: "line", d: steps.join(""), style: { stroke: seriesColour(place) }, "vector-effect": "non-scaling-stroke" });
}

/** A mark at each answer: a round caps a line of no length, so that it stays round however wide the picture is. */
function marks(points, place, { x, y }) {
  const steps = points.map(({ round, ms: time }) => (time === null ? "" : `M${x(round).toFixed(1)} ${y(time).toFixed(1)}h0.01`));
  return draw("path", { class: "points", d: steps.join(""), style: { stroke: seriesColour(place) }, "vector-effect": "non-scaling-stroke" });
}

function said(home, points) {
  const times = timesOf(points);
  return times.length ? `${home} from ${ms(Math.min(...times))} to ${ms(Math.max(...times))}` : `${home} without an answer of its own`;
}

function asTable(name, homes, series) {
  const rounds = [...new Set(series.flat().map(({ round }) => round))].sort((a, b) => b - a);
  const value = (points, wanted) => {
    const found = points.find(({ round }) => round === wanted);
    return found ? (found.ms === null ? (found.isFromEdge ? "cache" : "failed") : ms(found.ms)) : "";
  };
  const columns = [{ text: "Round", isNumber: true }, ...homes.map((text) => ({ text, isNumber: true }))];
  const lines = rounds.map((round) => [count(round), ...series.map((points) => value(points, round))]);
  return table(`The ${name} by round, newest first`, columns, lines);
}
