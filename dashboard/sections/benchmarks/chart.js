/** Latency over time, a line for each home: a picture of what the table below it says in numbers. */

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { colour, fill, make } from "../../elements.js";
import { ms, time } from "../../format.js";

const HEIGHT = 300;
const LEAST_SPAN_S = 3600; // so wide is the axis of a single benchmark, or of several within an hour
const MARGIN = 0.02;
const SERIES = { "sqlite-efs": "--series-1", "sqlite-tmp": "--series-2", ddb: "--series-3", postgres: "--series-4" };

/**
 * Draw the chart, and draw it anew when the theme or the width changes.
 * @param {string} label what it shows, for those who do not see it
 * @param {{source: string, points: {at: string, ms: number}[]}[]} lines
 * @returns {{element: HTMLElement, close: () => void}}
 */
export function chart(label, lines) {
  const place = make("div.chart", { role: "img", "aria-label": label });
  const reading = make("p.note.reading", { "aria-hidden": "true" });
  const legend = make("ul.legend", { "aria-label": "Homes" }, ...lines.map(({ source }) => make("li", {}, swatch(source), source)));
  const [times, values] = aligned(lines);
  let plot = null;
  const width = () => Math.max(200, place.clientWidth);
  const drawn = () => {
    plot?.destroy();
    plot = new uPlot(options(width(), lines, times, (i) => fill(reading, told(lines, times, values, i))), [times, ...values], place);
  };
  fill(reading, told(lines, times, values, times.length - 1));
  const observer = new ResizeObserver(() => (plot ? plot.setSize({ width: width(), height: HEIGHT }) : drawn()));
  observer.observe(place);
  document.addEventListener("themechange", drawn);
  const close = () => {
    observer.disconnect();
    document.removeEventListener("themechange", drawn);
    plot?.destroy();
  };
  return { element: make("div.part", {}, legend, place, reading), close };
}

/** Return all times in order, in seconds, and each line's values at them; null where it has none. */
function aligned(lines) {
  const times = [...new Set(lines.flatMap(({ points }) => points.map(({ at }) => Date.parse(at) / 1000)))].sort((a, b) => a - b);
  const values = lines.map(({ points }) => {
    const known = new Map(points.map((it) => [Date.parse(it.at) / 1000, it.ms]));
    return times.map((at) => known.get(at) ?? null);
  });
  return [times, values];
}

/**
 * Return where the axis of times begins and ends: a little beyond the points, and never narrower than an hour.
 * @param {number} first in seconds
 * @param {number} last in seconds
 * @returns {[number, number]}
 */
export function spanOf(first, last) {
  const beyond = Math.max(MARGIN * (last - first), (LEAST_SPAN_S - (last - first)) / 2);
  return [first - beyond, last + beyond];
}

function options(width, lines, times, onPoint) {
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: "12px system-ui" };
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: { range: () => spanOf(times[0], times.at(-1)) },
      y: { distr: 3, range: (_, low, high) => [decade(low, Math.floor), decade(high, Math.ceil)] },
    },
    axes: [
      { ...axis, space: 90, values: (_, splits, place, space, stepS) => splits.map((at) => moment(at, stepS)) },
      { ...axis, size: 64, splits: (_, place, low, high) => decades(low, high), values: (_, splits) => splits.map(ms) },
    ],
    series: [{}, ...lines.map(({ source }) => line(source))],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? times.length - 1)] },
  };
}

const line = (source) => ({ stroke: colour(SERIES[source]), width: 2, spanGaps: true, points: { show: true, size: 7, fill: colour(SERIES[source]) } });

/** Return a time on the axis, no finer than its steps. */
function moment(at, stepS) {
  const iso = new Date(at * 1000).toISOString();
  if (stepS >= 86_400) return iso.slice(0, 10);
  return iso.slice(11, stepS < 60 ? 19 : 16);
}

const decades = (low, high) =>
  Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) => Number((low * 10 ** i).toPrecision(1)));

/** Return the power of ten at or beyond a value, so that the axis begins and ends at a round number. */
const decade = (value, round) => 10 ** round(Math.log10(value > 0 ? value : 0.001));

function told(lines, times, values, at) {
  const known = lines.map(({ source }, i) => (values[i][at] === null ? null : `${source} ${ms(values[i][at])}`)).filter(Boolean);
  return `${time(new Date(times[at] * 1000).toISOString())} UTC: ${known.join(", ")}`;
}

const swatch = (source) => make("span.swatch", { style: { background: `var(${SERIES[source]})` }, "aria-hidden": "true" });
