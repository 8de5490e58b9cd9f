import { fill, make } from "../elements.js";
import { latest } from "../latest.js";
import { failure, loading, nothing } from "../notice.js";
import { isAtWork, jobCard } from "./jobs/card.js";

export const title = "Jobs";
const STATES = ["waiting", "running", "succeeded", "failed", "cancelled"];
const PAGE = 20;
const AGAIN_MS = 3000; // between looks while a job runs
const MOST_MS = 60_000; // while jobs only wait, each pause is twice the one before, up to this

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, context) {
  const ending = new AbortController();
  const { signal } = ending;
  const begin = latest(signal);
  const { api, announce } = context;
  let state = STATES.includes(context.query.get("state") ?? "") ? context.query.get("state") : "";
  let pages = 1;
  let timer = 0;
  let pauseMs = AGAIN_MS;
  let isFollowing = false;
  let states = new Map();
  const list = make("div.part");
  const more = make("button", { type: "button", hidden: true, onclick: () => (pages++, look()) }, "Older jobs");

  /** Look again after a while, as long as somebody sees the page. */
  const follow = (jobs) => {
    isFollowing = jobs.some(isAtWork);
    if (jobs.some((job) => job.state === "running")) pauseMs = AGAIN_MS;
    if (isFollowing && !document.hidden) timer = setTimeout(look, pauseMs);
    pauseMs = Math.min(MOST_MS, 2 * pauseMs);
  };
  const noticed = () => (document.hidden ? clearTimeout(timer) : isFollowing && look());

  const look = async () => {
    clearTimeout(timer);
    const mine = begin();
    try {
      const { jobs, next } = await newest(api, state, pages, mine);
      show(list, jobs.length ? cards(list, jobs, api, signal) : [empty(state)]);
      more.toggleAttribute("hidden", !next);
      states = tellChanges(states, jobs, announce);
      follow(jobs);
    } catch (error) {
      if (mine.aborted) return;
      isFollowing = false;
      fill(list, failure(error, look));
      more.setAttribute("hidden", "");
    }
  };
  const choose = (chosen) => {
    [state, pages, states, pauseMs] = [chosen, 1, new Map(), AGAIN_MS];
    context.remember(state ? { state } : {});
    look();
  };
  fill(list, loading());
  fill(root, make("div.controls", {}, filter(state, choose)), list, make("div", {}, more));
  document.addEventListener("visibilitychange", noticed, { signal });
  look();
  return {
    refresh: look,
    close: () => {
      clearTimeout(timer);
      ending.abort();
    },
  };
}

/** Return so many pages of jobs, and whether there are more. */
async function newest(api, state, pages, signal) {
  const jobs = [];
  let cursor = null;
  for (let page = 0; page < pages && (page === 0 || cursor); page += 1) {
    const { body } = await api.get("/jobs", { query: { state, cursor, limit: PAGE }, signal });
    jobs.push(...body.jobs);
    cursor = body.next;
  }
  return { jobs, next: cursor };
}

/** Make a card for each job; one that is as it was stays, and so does what somebody has opened. */
function cards(list, jobs, api, signal) {
  const known = new Map([...list.querySelectorAll("[data-job]")].map((card) => [card.getAttribute("data-job"), card]));
  return jobs.map((job) => {
    const before = known.get(job.id);
    if (before?.getAttribute("data-shown") === JSON.stringify(job)) return before;
    return jobCard(job, api, signal, before?.querySelector("details")?.hasAttribute("open"));
  });
}

/** Put the cards in place; whoever stood on one of them by keyboard still does. */
function show(list, wanted) {
  if (wanted.length === list.children.length && wanted.every((card, i) => card === list.children[i])) return;
  const stoodOn = document.activeElement?.closest("[data-job]")?.getAttribute("data-job");
  fill(list, ...wanted);
  const place = wanted.find((card) => stoodOn && card.getAttribute("data-job") === stoodOn);
  place?.querySelector("summary")?.focus({ preventScroll: true });
}

/** Tell those who hear the page of jobs whose state has changed. */
function tellChanges(states, jobs, announce) {
  const changed = jobs.filter((job) => states.has(job.id) && states.get(job.id) !== job.state);
  if (changed.length) announce(changed.map((job) => `${job.name ?? job.kind}: ${job.state}`).join("; "));
  return new Map(jobs.map((job) => [job.id, job.state]));
}

function filter(state, onChoose) {
  const options = ["", ...STATES].map((each) => make("option", { value: each, selected: each === state }, each || "every state"));
  return make("label.field", {}, make("span", {}, "State"), make("select", { id: "state", onchange: (event) => onChoose(event.target.value) }, ...options));
}

const empty = (state) =>
  state
    ? nothing(`No job is ${state}`, "Jobs are remembered for 30 days.")
    : nothing(
        "No jobs in the last 30 days",
        "A job is an import of a file, or a rebuild of the snapshots: ",
        make("code", {}, "python -m console import FILE --via-s3"),
        ". Where jobs are off, the stack's setting ",
        make("code", {}, "jobs"),
        " switches them on.",
      );
