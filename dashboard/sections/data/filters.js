/** Filters: one at a time is put together from what the API offers, and those in force stand as chips beside it. */

import { fill, make } from "../../elements.js";
import { fault } from "../../notice.js";

/**
 * Make the controls.
 * @param {import("../../description.js").Description} description
 * @param {URLSearchParams} query the view to begin with
 * @param {() => void} changed is called when other filters are in force
 */
export function filters(description, query, changed) {
  const offered = description.filters;
  const known = (parameter) => offered.find((one) => one.parameter === parameter);
  /** @type {Map<string, string>} */
  const inForce = new Map([...query].filter(([name, text]) => known(name) && text.trim()));
  /** @type {Map<string, string>} */
  let faults = new Map();

  const column = /** @type {HTMLSelectElement} */ (
    make("select", { onchange: offerComparisons }, ...[...new Set(offered.map((one) => one.column))].map((name) => make("option", {}, name)))
  );
  const comparison = /** @type {HTMLSelectElement} */ (make("select", { onchange: offerValue }));
  const place = make("span.value");
  const form = make(
    "form.controls.filter",
    { onsubmit: add },
    labelled("Only rows whose", column),
    labelled("Comparison", comparison),
    make("label.field", {}, make("span", {}, "Value"), place),
    make("button", {}, "Add filter"),
  );
  const chips = make("ul.chips", { "aria-label": "Filters in force" });

  function offerComparisons() {
    const those = offered.filter((one) => one.column === column.value);
    fill(comparison, ...those.map((one) => make("option", { value: one.parameter }, one.comparison)));
    offerValue();
  }

  function offerValue() {
    const one = known(comparison.value);
    if (one) fill(place, one.choices.length ? make("select", {}, ...one.choices.map((text) => make("option", {}, text))) : field(one));
  }

  function add(event) {
    event.preventDefault();
    const text = value().value.trim();
    if (!text) return refuse(value());
    inForce.set(comparison.value, text);
    show();
    changed();
  }

  /** Blanks are no value: the browser says so, as it does of nothing at all. */
  function refuse(empty) {
    empty.value = "";
    empty.reportValidity();
  }

  function remove(parameter) {
    inForce.delete(parameter);
    faults.delete(parameter);
    show();
    /** @type {HTMLElement} */ (chips.querySelector("button") ?? column).focus();
    changed();
  }

  const value = () => /** @type {HTMLInputElement} */ (place.firstElementChild);

  function chip([parameter, text]) {
    const one = known(parameter);
    const wrong = faults.get(parameter);
    const said = `${one?.column} ${one?.comparison} ${text}`;
    return make(
      "li.chip",
      { "data-kind": wrong ? "bad" : null },
      make("span", {}, `${one?.column} ${one?.comparison} `, make("strong", {}, text)),
      make("button.quiet", { type: "button", "aria-label": `Remove the filter ${said}`, onclick: () => remove(parameter) }, "×"),
      wrong && make("span.fault", { role: "alert" }, wrong),
    );
  }

  const show = () => fill(chips, ...[...inForce].map(chip));

  offerComparisons();
  show();
  return {
    element: make("div.filters", {}, form, chips),
    values: () => Object.fromEntries(inForce),
    /** Show what is wrong with a filter beside it; returns what is of no filter. @param {import("../../api.js").Problem["errors"]} errors */
    showFaults(errors) {
      faults = new Map(errors.filter((error) => inForce.has(error.field)).map((error) => [error.field, fault(error)]));
      show();
      return errors.filter((error) => !inForce.has(error.field));
    },
  };
}

function labelled(text, control) {
  return make("label.field", {}, make("span", {}, text), control);
}

/** A field that takes any text: the API says what is wrong with one, in its own words. */
function field(one) {
  return make("input", {
    placeholder: one.example.slice(0, 30),
    inputmode: one.isNumber ? "decimal" : null,
    required: true,
    spellcheck: "false",
    autocomplete: "off",
    title: one.description,
  });
}
