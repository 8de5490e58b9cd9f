/** Everything else that a bill depends on: fields with the console's defaults, folded away until somebody asks. */

import { make } from "../../elements.js";
import { allowed } from "./load.js";
import { numbers } from "../../costs/scenario.js";

const ON_SLIDERS = ["rows", "reads_per_month", "writes_per_month"];
const UNITS = { bytes: "bytes", mb: "MB", month: "a month", ms: "ms", s: "s" }; // by the end of an input's name
const PLAIN = new Intl.NumberFormat("en", { maximumFractionDigits: 3, useGrouping: false });

/**
 * Make the fields.
 * @param {any} model
 * @param {Record<string, number | null>} scenario
 * @param {Record<string, number>} measured what the data set itself says
 * @param {(name: string, value: number | null) => void} onChange null: it follows from the others again
 * @param {() => void} onSettled
 * @returns {HTMLElement}
 */
export function assumptions(model, scenario, measured, onChange, onSettled) {
  const names = Object.keys(model.inputs).filter((name) => !ON_SLIDERS.includes(name));
  return make(
    "details.assumptions",
    {},
    make("summary", {}, `${names.length} assumptions behind it`),
    make("div.fields", {}, ...names.map((name) => field(model, name, scenario, measured, onChange, onSettled))),
  );
}

function field(model, name, scenario, measured, onChange, onSettled) {
  const { least, most, meaning, follows } = model.inputs[name];
  const fault = make("span.fault", { id: `fault-${name}`, role: "status" });
  const input = make("input", {
    type: "text",
    inputmode: "decimal",
    "data-input": name,
    value: scenario[name] === null ? "" : PLAIN.format(scenario[name]),
    placeholder: scenario[name] === null ? PLAIN.format(numbers(model, scenario)[name]) : null,
    "aria-describedby": `fault-${name}`,
    oninput: () => {
      const isEmpty = input.value.trim() === "" && follows !== "";
      const value = isEmpty ? null : allowed(model, name, input.value);
      const isWrong = !isEmpty && value === null;
      input.setAttribute("aria-invalid", String(isWrong));
      fault.textContent = isWrong ? `${PLAIN.format(least)} to ${PLAIN.format(most)}` : "";
      if (!isWrong) onChange(name, value);
    },
    onchange: onSettled,
  });
  const source = name in measured ? "measured" : follows && `empty: ${inWords(model, follows)}`;
  const below = make("span.below", {}, source && make("span.note", {}, source), fault);
  return make("label.field", {}, make("span", {}, withUnit(name, meaning)), input, below);
}

/** The model names inputs as the console's options are named; a field here has its meaning as a name. */
function inWords(model, follows) {
  return follows.replace(/--([\w-]+)/g, (_, option) => `“${model.inputs[option.replaceAll("-", "_")].meaning}”`);
}

/** Say what a field takes, with its unit: `Memory of a function (MB)`. */
function withUnit(name, meaning) {
  const unit = UNITS[name.split("_").at(-1)];
  return unit && !meaning.split(" ").includes(unit) ? `${meaning} (${unit})` : meaning;
}
