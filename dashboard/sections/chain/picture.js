/** Snapshots as lines of boxes, over a scale of rows counted back from the newest. */

import { make } from "../../elements.js";
import { bytes, count, counted, time } from "../../format.js";

const MOST_LINES = 12;
const GAP_PX = 6; // between two labels of the axis

/**
 * Draw the history of a chain. Boxes are elements, not paths: they carry text, and grow with it.
 * @param {import("../chain.js").Snapshot[]} history newest first, of one epoch, none of them empty
 * @returns {HTMLElement}
 */
export function picture(history) {
  const [newest] = history;
  const shown = history.slice(0, MOST_LINES);
  const place = scaleOf(newest.rows);
  const colours = new Map(newest.segments.map((segment, i) => [segment.digest, `var(--series-${((newest.segments.length - 1 - i) % 5) + 1})`]));
  const lines = shown.map((snapshot) => line(snapshot, place, colours));
  const left = history.length - shown.length;
  return make(
    "div.chain",
    {},
    make("ol.chain-lines", {}, ...lines),
    axis(newest.rows, place),
    left > 0 && make("p.note", {}, `${counted(left, "older snapshot")} more.`),
  );
}

/** From a row's number to how far right it lies, 0 to 100: the logarithm of how many rows lie after it. */
function scaleOf(rows) {
  const widest = Math.log10(rows + 1);
  return (row) => 100 * (1 - Math.log10(rows - row + 1) / widest);
}

function line(snapshot, place, colours) {
  const label = make(
    "p.chain-label",
    {},
    make("time", { datetime: snapshot.published_at }, time(snapshot.published_at).slice(11)),
    make("span.note", {}, ` ${count(snapshot.rows)}`),
  );
  const boxes = [...snapshot.segments].reverse().map((segment) => box(segment, place, colours.get(segment.digest)));
  const said = `Published ${time(snapshot.published_at)} with ${counted(snapshot.rows, "row")} in ${counted(snapshot.segments.length, "segment")}: `;
  const parts = snapshot.segments.map((segment) => `rows ${segment.first} to ${segment.last} in ${bytes(segment.bytes)}`);
  return make("li", {}, label, make("div.chain-track", { role: "img", "aria-label": said + parts.join(", ") }, ...boxes));
}

function box(segment, place, colour) {
  const [from, to] = [place(segment.first - 1), place(segment.last)];
  const said = `rows ${count(segment.first)} to ${count(segment.last)}, ${bytes(segment.bytes)}, ${segment.digest}`;
  return make(
    "span.segment",
    { title: said, "data-kept": colour ? "" : null, style: { left: `${from}%`, width: `${to - from}%`, ...(colour ? { "--of": colour } : {}) } },
    make("span", {}, bytes(segment.bytes)),
  );
}

/** Powers of ten, counted back from the newest row. */
function axis(rows, place) {
  const ticks = [];
  for (let back = 10; back < rows; back *= 10) ticks.push(back);
  const every = Math.ceil(ticks.length / 5);
  const marks = ticks
    .filter((_, i) => (ticks.length - 1 - i) % every === 0)
    .map((back) => make("span", { style: { left: `${place(rows - back)}%` } }, `−${count(back)}`));
  const [first, last] = [make("span.chain-first", {}, "row 1"), make("span.chain-last", {}, "newest")];
  new ResizeObserver(() => keepApart(first, marks, last)).observe(last);
  return make("div.chain-axis", { "aria-hidden": "true" }, first, ...marks, last);
}

/** Hide each mark that would touch an end or the mark before it. */
function keepApart(first, marks, last) {
  const end = last.getBoundingClientRect().left - GAP_PX;
  let from = first.getBoundingClientRect().right + GAP_PX;
  for (const mark of [...marks].sort((one, other) => one.offsetLeft - other.offsetLeft)) {
    const { left, right } = mark.getBoundingClientRect();
    const fits = left >= from && right <= end;
    mark.style.visibility = fits ? "" : "hidden";
    if (fits) from = right + GAP_PX;
  }
}
