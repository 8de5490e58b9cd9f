import { loadModel } from "../costs/model.js";
import { study } from "../costs/study.js";
import { fill, make } from "../elements.js";
import { failure, isAborted, loading } from "../notice.js";
import { basisOf } from "./verdict/basis.js";
import { choose } from "./verdict/choice.js";
import { comparison } from "./verdict/comparison.js";
import { failingOf, isLocal, latenciesOf, measuredOf } from "./verdict/latencies.js";
import { cost, load, LOCAL, speed, wish } from "./verdict/sentences.js";
import { keepLoad, measuredData, startingLoad } from "./costs/load.js";
import { sliders } from "./costs/sliders.js";
import { question } from "./verdict/question.js";

export const title = "Which home to read from";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, context) {
  const ending = new AbortController();
  const start = async () => {
    fill(root, loading());
    try {
      const [model, session] = await Promise.all([loadModel(), newestSession(context.api, ending.signal)]);
      const measured = await measuredData(context.api, model, ending.signal);
      if (!ending.signal.aborted) show(root, context, model, session, measured);
    } catch (error) {
      if (!isAborted(error)) fill(root, failure(error, start));
    }
  };
  start();
  return { close: () => ending.abort(), refresh: start };
}

/** Return the newest benchmark with its results; null where there is none. */
async function newestSession(api, signal) {
  const [newest] = (await api.get("/benchmarks", { query: { limit: 1 }, signal })).body.benchmarks;
  return newest ? (await api.get(`/benchmarks/${newest.id}`, { signal })).body : null;
}

function show(root, { query, remember, announce }, model, session, measured) {
  const { scenario, given } = startingLoad(model, measured.values, query);
  const asked = { workload: query.get("workload") ?? "newest-100", withinMs: Number(query.get("within")) || null };
  const [answer, compared] = [make("section.card.verdict", { "aria-labelledby": "advice" }), make("div.part")];
  const judgedNow = () => judged(model, readsOf(model, scenario, given, asked.workload), session, asked);
  const update = () => {
    const it = judgedNow();
    fill(answer, ...advice(model, scenario, it, asked));
    fill(compared, comparison(model, it, asked.withinMs));
  };
  const settle = () => {
    keepLoad(given);
    const { workload, withinMs } = asked;
    remember({ ...given, ...(workload === "newest-100" ? {} : { workload }), ...(withinMs ? { within: String(withinMs) } : {}) });
    announce(headline(judgedNow().choice));
  };
  const change = (name, value) => {
    scenario[name] = given[name] = value;
    update();
  };
  const ask = (changes) => {
    Object.assign(asked, changes);
    update();
    settle();
  };
  fill(
    root,
    answer,
    make(
      "section.card",
      { "aria-labelledby": "load" },
      make("h2", { id: "load" }, "Your load, and your wish"),
      sliders(model, scenario, change, settle),
      question(session, asked, ask),
    ),
    make("section.card", { "aria-labelledby": "homes" }, make("h2", { id: "homes" }, "The homes compared"), compared),
    make("section.card", { "aria-labelledby": "basis" }, ...basisOf(model, session, measured)),
  );
  update();
}

/** Return the load with so many rows a read as the workload has, unless the visitor said how many. */
const readsOf = (model, scenario, given, workload) =>
  "rows_per_read" in given || !(workload in model.rows_per_read) ? scenario : { ...scenario, rows_per_read: model.rows_per_read[workload] };

/** Apply the rule to the bills of those homes that can run and answer, and to the times that count. */
function judged(model, scenario, session, { workload, withinMs }) {
  const local = isLocal();
  const found = study(model, scenario);
  const measured = session ? measuredOf(session, workload) : {};
  const failing = failingOf(model, measured);
  const sound = Object.fromEntries(Object.entries(found.totalsUsd).filter(([source]) => !failing.includes(source)));
  const latencies = latenciesOf(model, measured, local);
  const choice = choose(model, sound, latencies, withinMs);
  return { local, found, measured, failing, sound, latencies, choice };
}

const headline = ({ path }) => (path ? `Read by ${path}` : "No home can be recommended");

function advice(model, scenario, it, { withinMs }) {
  const { choice, sound, latencies, failing, found, local } = it;
  const hasTimes = Object.keys(latencies).length > 0;
  const told = [
    choice.path && cost(model, sound, choice),
    choice.path && speed(model, latencies, choice),
    wish(latencies, choice, withinMs, Object.keys(sound), local),
    ...Object.entries(found.cannotRun).map(([source, reason]) => `${source} cannot run: ${reason}.`),
    failing.length > 0 && `Left out, as more than ${model.constants.FAILED_SHARE * 100} % of its requests failed: ${failing.join(", ")}.`,
    !hasTimes && "No times of this workload are known, so only the bill can decide.",
  ];
  return [
    make("p.note", {}, `${load(scenario)}:`),
    make("h2.headline", { id: "advice", "data-path": choice.path ?? "" }, headline(choice), local && choice.path && make("span.hedge", {}, ", as far as this machine can tell")),
    make("p", {}, told.filter(Boolean).join(" ")),
    local && hasTimes && make("p.note", {}, LOCAL),
  ];
}
