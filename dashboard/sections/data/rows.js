/** The rows: a page at a time by cursor, of a home, in an order, at a point of the history, through filters. */

import { Problem } from "../../api.js";
import { fill, make } from "../../elements.js";
import { bytes, count, counted, ms } from "../../format.js";
import { latest } from "../../latest.js";
import { failure, loading, nothing, refusal } from "../../notice.js";
import { rowsTable } from "./cells.js";
import { filters } from "./filters.js";
import { atLeast } from "./newest.js";
import { showRow } from "./one_row.js";
import { toolbar } from "./toolbar.js";

/**
 * A place among the pages.
 * @typedef {object} Place
 * @property {string[]} cursors of the pages up to this one; the first page has none
 * @property {number[]} before how many rows are before each of them
 */

/** @type {Place} */
const FIRST = { cursors: [""], before: [0] };

/**
 * Show rows; the view is the address's, so that it can be kept, sent, and gone back to.
 * @param {HTMLElement} root
 * @param {import("../../app.js").Context & {description: import("../../description.js").Description, signal: AbortSignal, look: () => unknown}} context
 */
export function rows(root, context) {
  const { api, description, query, remember, signal, announce, look } = context;
  const page = make("div.page");
  const parts = { tools: toolbar(description, query, again, open), sieve: filters(description, query, again) };
  const begin = latest(signal);
  /** The page that is shown. A page that is asked for takes its place with the answer. */
  let place = FIRST;
  /** @type {Promise<import("../../api.js").Answer>} what `/snapshots` answered last */
  let snapshots;

  const asked = () => ({ ...parts.tools.values(), ...parts.sieve.values() });

  function again() {
    settle();
    return refresh();
  }

  /** Begin at the first page of what is asked for now, and keep that in the address. */
  function settle() {
    place = FIRST;
    const { home, ...rest } = asked();
    const defaults = { home: description.homes[0], order: description.orders[0], limit: "25" };
    const kept = Object.entries({ home, ...rest }).filter(([name, value]) => value && value !== defaults[name]);
    remember(Object.fromEntries(kept));
  }

  /** A point of the history, as a bookmark or in a cursor, is as old as it is. */
  async function optionsFor(rest, cursor) {
    const headers = rest.as_of || cursor ? {} : await atLeast(snapshots);
    return { query: { ...rest, cursor }, headers };
  }

  async function refresh(wanted = place) {
    const mine = begin();
    const { home, ...rest } = asked();
    page.setAttribute("aria-busy", "true");
    try {
      const options = await optionsFor(rest, wanted.cursors.at(-1));
      const answer = await api.get(`/${home}`, { ...options, signal: mine });
      place = wanted;
      parts.sieve.showFaults([]);
      show(answer);
    } catch (error) {
      if (!mine.aborted) complain(error, wanted);
    } finally {
      if (!mine.aborted) page.removeAttribute("aria-busy");
    }
  }

  function show(answer) {
    const { data, next, source, bookmark, scanned_rows: scanned } = answer.body;
    const first = place.before.at(-1);
    const said = data.length ? `Rows ${count(first + 1)} to ${count(first + data.length)}` : "No rows";
    const cost = `${source} · ${ms(answer.body.timings_ms.total)} in the function, ${ms(answer.roundTripMs)} in all · ${bytes(answer.bytes)}`;
    const looked = scanned === undefined ? "" : ` · looked at ${counted(scanned, "row")}`;
    const body = data.length
      ? rowsTable(`${said} of ${source}`, description.columns, data, (id) => open(id))
      : none(next);
    fill(page, body, pager(said, data.length, next), make("p.note", {}, cost + looked, " · at ", make("span.mono", {}, bookmark)));
    parts.tools.showBookmark(bookmark);
    announce(`${said} of ${source}`);
  }

  function none(next) {
    if (next) return nothing("No row matches here", "None among those that were looked at; the next page goes on.");
    const isSieved = Object.keys(parts.sieve.values()).length > 0;
    return isSieved ? nothing("No row matches", "The filters let none through.") : nothing("There are no rows", "None at this bookmark.");
  }

  /** Each button leads to one page, however often it is pressed before that page is there. */
  function pager(said, shownRows, next) {
    const { cursors, before } = place;
    const turn = (label, isThere, wanted) =>
      make("button", { type: "button", disabled: !isThere, onclick: () => go(wanted, label) }, label);
    const back = { cursors: cursors.slice(0, -1), before: before.slice(0, -1) };
    const forward = { cursors: [...cursors, next], before: [...before, before.at(-1) + shownRows] };
    return make(
      "nav.pager",
      { "aria-label": "Pages of rows" },
      make("p", {}, `${said}, page ${count(cursors.length)}`),
      turn("First", cursors.length > 1, FIRST),
      turn("Back", cursors.length > 1, back),
      turn("Next", next !== null, forward),
    );
  }

  async function go(wanted, label) {
    await refresh(wanted);
    const same = [...page.querySelectorAll(".pager button")].find((button) => button.textContent === label);
    const other = page.querySelector(".pager button:not([disabled])");
    /** @type {HTMLElement | null} */ (same && !same.hasAttribute("disabled") ? same : other)?.focus();
  }

  function complain(error, wanted) {
    const isFilter = error instanceof Problem && error.status === 400;
    const left = isFilter ? parts.tools.showFaults(parts.sieve.showFaults(error.errors)) : error;
    if (isFilter && error.errors.length && !left.length) {
      fill(page, nothing("No rows shown", "The API does not take what is asked for; the field says why."));
      announce(error.detail);
    } else fill(page, beyond(error) ?? failure(error, () => refresh(wanted)));
  }

  /** A bookmark that never leads anywhere, or not yet: the way on is the newest. */
  function beyond(error) {
    const isReplaced = error instanceof Problem && error.kind === "epoch-replaced";
    const isToCome = error instanceof Problem && error.kind === "not-there-yet" && asked().as_of;
    if (!isReplaced && !isToCome) return null;
    const title = isReplaced ? error.title : "This bookmark does not exist yet";
    return refusal(title, error.detail, "warn", make("button", { type: "button", onclick: follow }, "Show the newest"));
  }

  function follow() {
    parts.tools.follow();
    settle();
    return look();
  }

  function open(id) {
    const { home, as_of } = parts.tools.values();
    return showRow(context, home, id, as_of);
  }

  fill(root, make("h2", {}, "Rows"), parts.tools.element, parts.sieve.element, page);
  fill(page, loading());
  return {
    /** @param {Promise<import("../../api.js").Answer>} told what `/snapshots` answers */
    refresh(told) {
      snapshots = told;
      return refresh();
    },
  };
}
