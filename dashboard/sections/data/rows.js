/** The rows: a page at a time by cursor, of a home, in an order, at a point of the history, through filters. */

import { Problem } from "../../api.js";
import { fill, make } from "../../elements.js";
import { bytes, count, counted, ms } from "../../format.js";
import { failure, isAborted, loading, nothing } from "../../notice.js";
import { rowsTable } from "./cells.js";
import { filters } from "./filters.js";
import { showRow } from "./one_row.js";
import { toolbar } from "./toolbar.js";

/**
 * Show rows; the view is the address's, so that it can be kept, sent, and gone back to.
 * @param {HTMLElement} root
 * @param {import("../../app.js").Context & {description: import("../../description.js").Description, signal: AbortSignal}} context
 */
export function rows(root, context) {
  const { api, description, query, remember, signal, announce } = context;
  const page = make("div.page");
  const parts = { tools: toolbar(description, query, again, open), sieve: filters(description, query, again) };
  /** Cursors of the pages up to this one; the first page has none. */
  let cursors = [""];
  let before = [0];
  let call = new AbortController();

  const asked = () => ({ ...parts.tools.values(), ...parts.sieve.values() });

  function again() {
    cursors = [""];
    before = [0];
    const { home, ...rest } = asked();
    const defaults = { home: description.homes[0], order: description.orders[0], limit: "25" };
    const kept = Object.entries({ home, ...rest }).filter(([name, value]) => value && value !== defaults[name]);
    remember(Object.fromEntries(kept));
    return refresh();
  }

  async function refresh() {
    call.abort();
    call = new AbortController();
    const mine = AbortSignal.any([call.signal, signal]);
    const { home, ...rest } = asked();
    page.setAttribute("aria-busy", "true");
    try {
      const answer = await api.get(`/${home}`, { query: { ...rest, cursor: cursors.at(-1) }, signal: mine });
      parts.sieve.showFaults([]);
      show(answer);
    } catch (error) {
      if (!isAborted(error)) complain(error);
    } finally {
      if (!mine.aborted) page.removeAttribute("aria-busy");
    }
  }

  function show(answer) {
    const { data, next, source, bookmark, scanned_rows: scanned } = answer.body;
    const first = before.at(-1);
    const said = data.length ? `Rows ${count(first + 1)} to ${count(first + data.length)}` : "No rows";
    const cost = `${source} · ${ms(answer.body.timings_ms.total)} in the function, ${ms(answer.roundTripMs)} in all · ${bytes(answer.bytes)}`;
    const looked = scanned === undefined ? "" : ` · looked at ${counted(scanned, "row")}`;
    const body = data.length
      ? rowsTable(`${said} of ${source}`, description.columns, data, (id) => open(id))
      : nothing("No rows here", next ? "None among those that were looked at; the next page goes on." : "No row is let through.");
    fill(page, body, pager(said, next), make("p.note", {}, cost + looked, " · at ", make("span.mono", {}, bookmark)));
    parts.tools.showBookmark(bookmark);
    announce(`${said} of ${source}`);
  }

  function pager(said, next) {
    const turn = (label, isThere, step) =>
      make("button", { type: "button", disabled: !isThere, onclick: () => go(step, label) }, label);
    const back = () => {
      cursors.pop();
      before.pop();
    };
    const forward = () => {
      before.push(before.at(-1) + page.querySelectorAll("tbody tr").length);
      cursors.push(next);
    };
    const start = () => {
      cursors = [""];
      before = [0];
    };
    return make(
      "nav.pager",
      { "aria-label": "Pages of rows" },
      make("p", {}, `${said}, page ${count(cursors.length)}`),
      turn("First", cursors.length > 1, start),
      turn("Back", cursors.length > 1, back),
      turn("Next", next !== null, forward),
    );
  }

  async function go(step, label) {
    step();
    await refresh();
    const same = [...page.querySelectorAll(".pager button")].find((button) => button.textContent === label);
    const other = page.querySelector(".pager button:not([disabled])");
    /** @type {HTMLElement | null} */ (same && !same.hasAttribute("disabled") ? same : other)?.focus();
  }

  function complain(error) {
    const isFilter = error instanceof Problem && error.status === 400;
    const left = isFilter ? parts.tools.showFaults(parts.sieve.showFaults(error.errors)) : error;
    if (isFilter && error.errors.length && !left.length) {
      fill(page, nothing("No rows shown", "The API does not take what is asked for; the field says why."));
      announce(error.detail);
    } else fill(page, failure(error, refresh));
  }

  function open(id) {
    const { home, as_of } = parts.tools.values();
    return showRow(context, home, id, as_of);
  }

  fill(root, make("h2", {}, "Rows"), parts.tools.element, parts.sieve.element, page);
  fill(page, loading());
  refresh();
  return { refresh };
}
