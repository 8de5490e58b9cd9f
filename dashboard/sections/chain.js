/** The chain of segments: the files that the newest snapshot consists of, and how publishes and merges led there. */

import { figure, fill, make, table } from "../elements.js";
import { ago, bytes, count, counted, percent, time } from "../format.js";
import { latest } from "../latest.js";
import { failure, loading, nothing } from "../notice.js";
import { picture } from "./chain/picture.js";

export const title = "The chain of segments";

/**
 * @typedef {object} Segment
 * @property {number} first
 * @property {number} last
 * @property {number} bytes
 * @property {string} digest
 */

/**
 * @typedef {object} Snapshot
 * @property {string} bookmark
 * @property {number} rows
 * @property {number} bytes
 * @property {string} hash
 * @property {string} published_at
 * @property {Segment[]} segments newest first
 */

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, { api, announce }) {
  const ending = new AbortController();
  const begin = latest(ending.signal);

  async function refresh() {
    const signal = begin();
    if (!root.hasChildNodes()) fill(root, loading());
    try {
      const { body } = await api.get("/snapshots", { signal });
      const snapshots = /** @type {Snapshot[]} */ (body.snapshots);
      fill(root, ...content(snapshots));
      if (snapshots[0]) announce(`${counted(snapshots[0].segments.length, "segment")} hold ${counted(snapshots[0].rows, "row")}`);
    } catch (error) {
      if (!signal.aborted) fill(root, failure(error, refresh));
    }
  }

  refresh();
  return { refresh, close: () => ending.abort() };
}

function content(snapshots) {
  const newest = snapshots[0];
  if (!newest?.rows) return [nothing("No chain yet", "Nothing is published. The first insert publishes the first segment.")];
  const epoch = epochOf(newest);
  const history = snapshots.filter((snapshot) => epochOf(snapshot) === epoch && snapshot.rows > 0);
  return [
    make("section.card", { "aria-label": "The newest snapshot" }, figures(newest, history[1])),
    make(
      "section.card",
      {},
      make("h2", {}, "The newest snapshot, and those before it"),
      make(
        "p.note",
        {},
        "Each line is a snapshot, each box a file with the rows that it spans, never changed once written. Files that the newest snapshot uses are in colour. ",
        "To the right the rows are newer; the scale is logarithmic, so that a file of ten rows is seen beside one of a million.",
      ),
      picture(history),
    ),
    make("section.card", {}, make("h2", {}, "Its segments"), segments(newest)),
  ];
}

const epochOf = (snapshot) => snapshot.bookmark.split(".")[0];
const rowsOf = (segment) => segment.last - segment.first + 1;

function figures(newest, before) {
  const kept = new Set(before?.segments.map((segment) => segment.digest));
  const added = newest.segments.filter((segment) => !kept.has(segment.digest));
  const written = added.reduce((sum, segment) => sum + segment.bytes, 0);
  return make(
    "dl.figures",
    {},
    figure("Segments", count(newest.segments.length), `${counted(newest.rows, "row")}, ${bytes(newest.bytes)}`),
    figure("Published", ago(newest.published_at), `${time(newest.published_at)} UTC`),
    figure(
      "Written by the last publish",
      before ? bytes(written) : "–",
      before ? `${percent(written / newest.bytes)} of the snapshot, ${counted(added.length, "file")}` : "no snapshot before it is listed",
    ),
    figure("Bytes a row in a segment", count(newest.bytes / newest.rows), "indexes included"),
    figure("Content hash", make("span.mono.long", {}, `${newest.hash.slice(0, 16)}…`), "of all rows, in any order"),
  );
}

function segments(newest) {
  const columns = [
    { text: "First row", isNumber: true },
    { text: "Last row", isNumber: true },
    { text: "Rows", isNumber: true },
    { text: "Size", isNumber: true },
    { text: "Bytes a row", isNumber: true },
    { text: "Digest" },
  ];
  const line = (segment) => [
    count(segment.first),
    count(segment.last),
    count(rowsOf(segment)),
    bytes(segment.bytes),
    count(segment.bytes / rowsOf(segment)),
    make("span.mono", {}, segment.digest),
  ];
  return table("Segments of the newest snapshot, newest rows first", columns, newest.segments.map(line));
}
