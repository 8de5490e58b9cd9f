/** What is asked for beside filters: home, order, rows of a page, point of the history; and one row by its id. */

import { fill, make } from "../../elements.js";
import { fault } from "../../notice.js";

const SIZES = [10, 25, 50, 100, 250, 1000];
const ORDERS = { desc: "newest first", asc: "oldest first" };

/**
 * Make the controls.
 * @param {import("../../description.js").Description} description
 * @param {URLSearchParams} query the view to begin with
 * @param {() => void} changed is called when another view is asked for
 * @param {(id: string) => void} open shows one row
 */
export function toolbar(description, query, changed, open) {
  const homes = choice("Home", description.homes, query.get("home"), changed);
  const orders = choice("Order", description.orders, query.get("order"), changed, ORDERS);
  const sizes = SIZES.filter((size) => size <= description.mostRows).map(String);
  const limits = choice("Rows a page", sizes, query.get("limit") ?? "25", changed);
  const pointed = make("input.mono", { value: query.get("as_of") ?? "", placeholder: "the newest", size: 20, spellcheck: "false", onchange: changed });
  const faults = make("span.fault", { id: "as-of-fault", role: "alert" });
  const pin = make("button", { type: "button", title: "Read at the point of the rows shown: they stay as they are", onclick: hold }, "Hold");
  let newest = "";

  function hold() {
    pointed.value = pointed.value ? "" : newest;
    changed();
  }

  const id = make("input.mono", { name: "id", placeholder: "26 characters", size: 27, pattern: "\\s*[0-9A-Za-z]{26}\\s*", title: "26 letters and digits", spellcheck: "false", autocomplete: "off", required: true });
  const byId = make(
    "form.controls",
    { onsubmit: (event) => (event.preventDefault(), open(id.value.trim().toUpperCase())) },
    make("label.field", {}, make("span", {}, "One row by its id"), id),
    make("button", {}, "Show"),
  );
  const point = make("div.controls", {}, make("label.field", {}, make("span", {}, "As of bookmark"), pointed), pin);
  const element = make("div.toolbar", {}, make("div.controls", {}, homes.label, orders.label, limits.label, point), byId, faults);

  return {
    element,
    values: () => ({ home: homes.input.value, order: orders.input.value, limit: limits.input.value, as_of: pointed.value.trim() }),
    /** Let the button hold this point. @param {string} bookmark */
    showBookmark(bookmark) {
      newest = bookmark;
      fill(pin, pointed.value ? "Follow" : "Hold");
      pin.title = pointed.value ? "Read the newest again" : "Read at the point of the rows shown: they stay as they are";
      showFaults([]);
    },
    /** Let the point go, if one is held. */
    follow: () => (pointed.value = ""),
    showFaults,
  };

  /** Show what is wrong with a field of these; returns what is of others. @param {import("../../api.js").Problem["errors"]} errors */
  function showFaults(errors) {
    const own = errors.filter((error) => error.field === "as_of");
    pointed.toggleAttribute("aria-invalid", own.length > 0);
    if (own.length) pointed.setAttribute("aria-invalid", "true");
    fill(faults, ...own.map(fault));
    return errors.filter((error) => !own.includes(error));
  }
}

function choice(name, values, given, changed, texts = {}) {
  const options = values.map((value) => make("option", { value, selected: value === given }, texts[value] ?? value));
  const input = /** @type {HTMLSelectElement} */ (make("select", { onchange: changed }, ...options));
  return { input, label: make("label.field", {}, make("span", {}, name), input) };
}
