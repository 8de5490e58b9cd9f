/** One row, by its id, from the home that is looked at. */

import { fill, make } from "../../elements.js";
import { bytes, ms } from "../../format.js";
import { failure, isAborted, loading } from "../../notice.js";
import { shown } from "./cells.js";

const NEVER = [404, 409]; // to ask again changes nothing

/**
 * Show a row in a dialog: Escape closes it, and the focus goes back where it was.
 * @param {import("../../app.js").Context & {description: import("../../description.js").Description, signal: AbortSignal}} context
 * @param {string} home
 * @param {string} id
 * @param {string} asOf a bookmark; "" for the newest
 */
export async function showRow({ api, description, signal }, home, id, asOf) {
  const body = make("div.row-body");
  const close = make("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const heading = make("h2", { id: "row-title" }, `A row of ${home}`);
  const dialog = /** @type {HTMLDialogElement} */ (
    make("dialog", { "aria-labelledby": "row-title", onclose: () => dialog.remove() }, make("div.card-head", {}, heading, close), body)
  );
  signal.addEventListener("abort", () => dialog.close(), { once: true });
  document.body.append(dialog);
  dialog.showModal();

  async function ask() {
    fill(body, loading());
    try {
      const answer = await api.get(`/${home}/${encodeURIComponent(id)}`, { query: { as_of: asOf }, signal });
      fill(body, fields(answer.body.data), make("p.note", {}, said(answer)));
    } catch (error) {
      if (!isAborted(error)) fill(body, NEVER.includes(error.status) ? failure(error, null, reason(error)) : failure(error, ask));
    }
  }

  function reason({ status }) {
    if (status !== 404) return "";
    return asOf ? "It may have been removed, never been there, or is newer than this bookmark." : undefined;
  }

  function fields(row) {
    const pairs = description.columns.map((column) => [
      make("dt", { title: column.description }, column.name),
      make("dd", {}, shown(column, row[column.name])),
    ]);
    return make("dl.pairs", {}, ...pairs.flat());
  }

  await ask();
}

function said(answer) {
  const { source, bookmark, timings_ms: timings } = answer.body;
  return `${source} at ${bookmark} · ${ms(timings.total)} in the function, ${ms(answer.roundTripMs)} in all · ${bytes(answer.bytes)}`;
}
