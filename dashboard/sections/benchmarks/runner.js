/** Starting a benchmark from the page, where the API lets this visitor. */

import { Problem } from "../../api.js";
import { fill, make } from "../../elements.js";
import { failure, isAborted } from "../../notice.js";

const COUNTS = [10, 100, 1000];
const USUAL = 1000; // a p99 needs some 370: verdict/latencies.js
const TIMEOUT_MS = 60_000; // the function stops after 20 s by itself
const LIMIT_S = 20;

/**
 * Make the button and what it needs.
 * @param {import("../../api.js").Api} api
 * @param {AbortSignal} signal
 * @param {(session: any) => void} onDone with the new session
 */
export function runner(api, signal, onDone) {
  const said = make("div.said", { role: "status" });
  const iterations = make("select", { id: "iterations" }, ...COUNTS.map((each) => make("option", { value: each, selected: each === USUAL }, each)));
  const button = make("button.primary", { type: "button", onclick: () => run() }, "Measure now");
  const run = async () => {
    button.setAttribute("disabled", "");
    fill(said, make("p.note", {}, `Measuring inside the function, at most ${LIMIT_S} s …`));
    try {
      const body = { iterations: Number(iterations.value) };
      const answer = await api.post("/benchmarks", body, { signal, timeoutMs: TIMEOUT_MS });
      fill(said);
      onDone(answer.body);
    } catch (error) {
      if (!isAborted(error)) fill(said, refused(error) ?? failure(error, run));
    } finally {
      button.removeAttribute("disabled");
    }
  };
  const asked = make("label.field", {}, make("span", {}, "Requests each, at most"), iterations);
  return make("div.part", {}, make("div.controls", {}, asked, button), said);
}

/** Say kindly that this visitor may look and not measure; null of any other error. */
function refused(error) {
  if (!(error instanceof Problem) || ![401, 403].includes(error.status)) return null;
  return make(
    "div.notice",
    { "data-kind": "empty" },
    make("p.notice-title", {}, "You may look, but not measure"),
    make("p", {}, "Starting a benchmark is for those who may write. They can run ", make("code", {}, "python -m console bench"), " or sign ", make("code", {}, "POST /benchmarks"), "."),
  );
}
