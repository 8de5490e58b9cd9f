/** The round trips of the latest rounds as lines, one for each home; logarithmic, since homes differ by factors. */

import { draw, fill, make, table } from "../../elements.js";
import { count, ms } from "../../format.js";
import { KEPT } from "./rounds.js";

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
  const details = make("details", {}, make("summary", {}, "As a table"), figures);
  const element = make(
    "section.card",
    { "aria-label": "Round trips so far" },
    make("div.card-head", {}, make("h2", {}, `Round trips of the last ${KEPT} rounds`), legend),
    make("div.history-frame", {}, picture, labels),
    details,
  );

  return {
    element,
    /** @param {import("./rounds.js").Sample[][]} series of each home, oldest first */
    show(series) {
      const times = series.flat().flatMap(({ roundTripMs }) => roundTripMs ?? []);
      element.toggleAttribute("hidden", times.length === 0);
      if (!times.length) return;
      const scale = scaleOf(times, series);
      fill(picture, ...grid(scale), ...series.flatMap((samples, place) => line(samples, place, scale)));
      fill(labels, ...scale.ticks.map((tick) => make("span", { style: { top: `${(100 * scale.y(tick)) / HEIGHT}%` } }, ms(tick))));
      picture.setAttribute("aria-label", homes.map((home, place) => said(home, series[place])).join("; "));
      fill(figures, asTable(homes, series));
    },
  };
}

const seriesColour = (place) => `var(--series-${(place % 5) + 1})`;

function scaleOf(times, series) {
  const low = 10 ** Math.floor(Math.log10(Math.max(0.1, Math.min(...times))));
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

/** A line through what was answered; where a call failed there is a gap. */
function line(samples, place, { x, y }) {
  const style = { stroke: seriesColour(place) };
  const steps = samples.map(({ round, roundTripMs }, i) => {
    if (roundTripMs === null) return "";
    const isAfter = i > 0 && samples[i - 1].roundTripMs !== null;
    return `${isAfter ? "L" : "M"}${x(round).toFixed(1)} ${y(roundTripMs).toFixed(1)}h0.01`;
  });
  return [draw("path", { class: "line", d: steps.join(""), style, "vector-effect": "non-scaling-stroke" })];
}

function said(home, samples) {
  const times = samples.flatMap(({ roundTripMs }) => roundTripMs ?? []);
  return times.length ? `${home} from ${ms(Math.min(...times))} to ${ms(Math.max(...times))}` : `${home} never answered`;
}

function asTable(homes, series) {
  const rounds = [...new Set(series.flat().map(({ round }) => round))].sort((a, b) => b - a);
  const value = (samples, wanted) => {
    const found = samples.find(({ round }) => round === wanted);
    return found ? (found.roundTripMs === null ? "failed" : ms(found.roundTripMs)) : "";
  };
  const columns = [{ text: "Round", isNumber: true }, ...homes.map((text) => ({ text, isNumber: true }))];
  return table("Round trips by round, newest first", columns, rounds.map((round) => [count(round), ...series.map((samples) => value(samples, round))]));
}
