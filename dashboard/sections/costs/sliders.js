/** Sliders for the load, each with a field beside it that takes the exact number: rows, reads, writes. */

import { make } from "../../elements.js";
import { count } from "../../format.js";
import { allowed } from "./load.js";
import { quantity } from "../../costs/wording.js";

const STEPS_PER_DECADE = 20;
const SLIDERS = [
  { name: "rows", label: "Rows", low: 1e2, high: 1e9, unit: "rows" },
  { name: "reads_per_month", label: "Reads a month", low: 1e3, high: 1e10, unit: "reads a month" },
  { name: "writes_per_month", label: "Writes a month", low: 1, high: 1e8, unit: "writes a month" },
];

/**
 * Make the sliders.
 * @param {any} model
 * @param {Record<string, number>} scenario what they show at first
 * @param {(name: string, value: number) => void} onChange with each step of a slider and each number that is allowed
 * @param {() => void} onSettled when a slider is let go or a field is left
 * @returns {HTMLElement}
 */
export function sliders(model, scenario, onChange, onSettled) {
  return make("div.sliders", {}, ...SLIDERS.map((slider) => row(model, slider, scenario, onChange, onSettled)));
}

function row(model, { name, label, low, high, unit }, scenario, onChange, onSettled) {
  const { least, most } = model.inputs[name];
  const range = make("input", {
    type: "range",
    id: `slide-${name}`,
    min: 0,
    max: Math.round(Math.log10(high / low) * STEPS_PER_DECADE),
    step: 1,
    value: positionOf(scenario[name], low),
    "aria-label": label,
    "aria-valuetext": `${quantity(scenario[name])} ${unit}`,
    oninput: () => {
      const value = valueAt(Number(range.value), low);
      field.value = count(value);
      take(value);
    },
    onchange: onSettled,
  });
  const field = make("input.amount", {
    type: "text",
    inputmode: "numeric",
    id: `exact-${name}`,
    value: count(scenario[name]),
    "aria-label": `${label}, exactly`,
    "aria-describedby": `fault-${name}`,
    oninput: () => {
      const value = allowed(model, name, field.value);
      field.setAttribute("aria-invalid", String(value === null));
      fault.textContent = value === null ? `${count(least)} to ${count(most)}` : "";
      if (value === null) return;
      range.value = String(positionOf(value, low));
      take(value);
    },
    onchange: onSettled,
  });
  const fault = make("span.fault", { id: `fault-${name}`, role: "status" });
  const take = (value) => {
    range.setAttribute("aria-valuetext", `${quantity(value)} ${unit}`);
    field.setAttribute("aria-invalid", "false");
    fault.textContent = "";
    onChange(name, value);
  };
  const caption = make("label.slider-label", { for: `slide-${name}` }, label);
  return make("div.slider", {}, caption, range, field, fault);
}

const positionOf = (value, low) => Math.round(Math.log10(Math.max(value, low) / low) * STEPS_PER_DECADE);

/** Return the number at a position: of two digits that count, so that it reads well. */
const valueAt = (position, low) => Number((low * 10 ** (position / STEPS_PER_DECADE)).toPrecision(2));
