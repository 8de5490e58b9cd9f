/** The homes side by side, live: each is asked the same in turn, and says what it took and what it used. */

import { describe } from "../description.js";
import { fill, make } from "../elements.js";
import { ms } from "../format.js";
import { failure, isAborted, loading } from "../notice.js";
import { card } from "./homes/card.js";
import { historyChart } from "./homes/history.js";
import { Rounds } from "./homes/rounds.js";

export const title = "Homes, side by side";

const QUESTIONS = {
  "one row": { path: (home) => `/${home}`, query: { limit: 1 } },
  "a page of 100 rows": { path: (home) => `/${home}`, query: { limit: 100 } },
  "a page of 1,000 rows": { path: (home) => `/${home}`, query: { limit: 1000 } },
  statistics: { path: (home) => `/${home}/stats`, query: {} },
};
const EVERY_S = [0.5, 1, 2, 5, 10, 30];

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, { api, announce }) {
  const ending = new AbortController();
  let rounds = /** @type {Rounds | null} */ (null);

  async function start() {
    fill(root, loading());
    try {
      const { homes } = await describe(api);
      if (!ending.signal.aborted) build(homes);
    } catch (error) {
      if (!isAborted(error)) fill(root, failure(error, start));
    }
  }

  function build(homes) {
    const cards = homes.map((home, place) => card(home, place));
    const chart = historyChart(homes);
    const question = choice(Object.keys(QUESTIONS), "a page of 100 rows", () => running.restart());
    const pause = choice(EVERY_S.map(String), "2", () => running.every(Number(pause.value)), (value) => `${value} s`);
    const button = make("button.primary", { type: "button", onclick: () => running.toggle() });
    const state = make("p.note", { role: "status" });

    const running = new Rounds(homes, {
      ask: (home) => {
        const { path, query } = QUESTIONS[question.value];
        return api.get(path(home), { query, isUncached: true, signal: ending.signal });
      },
      changed: () => {
        const worst = running.slowest();
        cards.forEach((one, place) => one.show(running.of(homes[place]), worst));
        chart.show(homes.map((home) => running.of(home)));
        fill(button, running.isOn ? "Stop" : "Start");
        fill(state, running.said());
      },
      ended: () => announce(homes.map((home) => said(home, running.of(home).at(-1))).join(", ")),
    });
    rounds = running;
    running.every(Number(pause.value));
    const controls = make(
      "div.controls",
      {},
      make("label.field.wide", {}, make("span", {}, "Ask each home for"), question),
      make("label.field", {}, make("span", {}, "Every"), pause),
      button,
    );
    fill(
      root,
      make("section.card", { "aria-label": "What is asked" }, make("div.toolbar", {}, controls, state)),
      make("div.columns.homes", {}, ...cards.map((one) => one.element)),
      chart.element,
    );
    running.once();
  }

  start();
  return {
    refresh: () => (rounds ? rounds.once() : start()),
    close() {
      rounds?.close();
      ending.abort();
    },
  };
}

function said(home, last) {
  return `${home} ${last?.isFromEdge ? "from the edge's cache" : ms(last?.roundTripMs ?? null)}`;
}

function choice(values, chosen, changed, text = (value) => value) {
  const options = values.map((value) => make("option", { value, selected: value === chosen }, text(value)));
  return /** @type {HTMLSelectElement} */ (make("select", { onchange: changed }, ...options));
}
