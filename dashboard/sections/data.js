/** The data set: figures of the whole, and its rows, page by page. */

import { describe } from "../description.js";
import { fill, make } from "../elements.js";
import { latest } from "../latest.js";
import { failure, isAborted, loading } from "../notice.js";
import { summary } from "./data/summary.js";
import { rows } from "./data/rows.js";

export const title = "Data set";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, context) {
  const ending = new AbortController();
  const begin = latest(ending.signal);
  const parts = [];

  /** Ask for the snapshots first: figures and rows are then at least as new as the newest, whichever machine answers. */
  function look() {
    const snapshots = context.api.get("/snapshots", { signal: begin() });
    return Promise.all(parts.map((part) => part.refresh(snapshots)));
  }

  async function start() {
    fill(root, loading());
    try {
      const description = await describe(context.api);
      if (ending.signal.aborted) return;
      const places = [make("section.card", { "aria-label": "The whole" }), make("section.card", { "aria-label": "Rows" })];
      fill(root, places);
      const shared = { ...context, description, signal: ending.signal, look };
      parts.push(summary(places[0], shared), rows(places[1], shared));
      look();
    } catch (error) {
      if (!isAborted(error)) fill(root, failure(error, start));
    }
  }

  start();
  return {
    refresh: () => (parts.length ? look() : start()),
    close: () => ending.abort(),
  };
}
