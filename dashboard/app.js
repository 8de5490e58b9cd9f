/** The page: one section at a time, by the address's hash (`#/data?order=asc`), and what all sections share. */

import { makeApi, Problem } from "./api.js";
import { fill, make } from "./elements.js";
import { failure } from "./notice.js";
import { hadSession, keepSession, showVisitor } from "./visitor.js";

/**
 * What a section is given.
 * @typedef {object} Context
 * @property {import("./api.js").Api} api
 * @property {URLSearchParams} query of the hash: what the section's view depends on
 * @property {(query: Record<string, string | number | null>) => void} remember puts the view into the address, without a
 *   step of history; null and "" are left out, and so is all of a section that was closed
 * @property {(text: string) => void} announce tells those who hear the page what has changed
 */

/**
 * A section: `title`, and `mount`, which puts it into an element.
 * @typedef {object} Section
 * @property {string} title
 * @property {(root: HTMLElement, context: Context) => {refresh?: () => unknown, close?: () => void}} mount
 */

const FIRST = "data";
const SECTIONS = ["data", "homes", "chain", "jobs", "benchmarks", "verdict", "costs", "enter"];

/** A gateway keeps what it was told of keys and sessions for up to a minute. */
const NOT_YET = {
  title: "Refused so far",
  detail: "The session is good, but reading is still refused, as it can be after the keys of sessions were changed. Try again in a minute.",
};

const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const unguarded = makeApi();
const api = makeApi({ onNobody: (problem) => refused(problem) });

/** @type {{refresh?: () => unknown, close?: () => void}} */
let shown = {};
/** @type {string | null} */
let shownAs = null;

function address() {
  const [name, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: SECTIONS.includes(name) ? name : FIRST, query: new URLSearchParams(query) };
}

/** The API does not know this visitor, or no longer: a code is needed, and then the way back. */
function enter() {
  const ended = hadSession() ? { ended: "yes" } : {};
  keepSession(null);
  if (address().name !== "enter") location.hash = `#/enter?${new URLSearchParams({ ...ended, then: location.hash })}`;
}

/** A read is refused: nobody is in, or no longer, unless the session still lives; then its code opens something else. */
async function refused(problem) {
  if (problem.status === 403) {
    try {
      const { scopes } = (await unguarded.get("/sessions/current")).body.session;
      if (scopes.includes("read")) return new Problem(403, NOT_YET);
      const detail = `This code does not open reading; it opens ${scopes.join(", ")}. Leave, and enter with another one.`;
      return new Problem(403, { title: "Not with this code", detail });
    } catch (error) {
      if (![401, 403, 404].includes(error.status)) return error;
    }
  }
  enter();
  return problem;
}

/** End the session; one that is over already is left all the same. */
async function leave() {
  part("section").querySelector("[data-leaving]")?.remove();
  try {
    await unguarded.remove("/sessions/current");
  } catch (error) {
    if (![401, 403, 404].includes(error.status)) {
      part("section").prepend(make("div", { "data-leaving": true }, failure(error, leave)));
      return;
    }
  }
  keepSession(null);
  announce("You have left");
  location.hash = "#/enter?left=yes";
}

function announce(text) {
  fill(part("announcer"), text);
}

function remember(name, query) {
  const known = Object.entries(query).filter(([, value]) => value !== null && value !== "");
  const text = new URLSearchParams(known).toString();
  shownAs = `#/${name}${text && `?${text}`}`;
  history.replaceState(null, "", shownAs);
}

/** Scroll the sections' names to one of them. `scrollIntoView` would also let the next Tab begin there. */
function bringIn(link) {
  const names = link.closest(".nav");
  names.scrollLeft += link.getBoundingClientRect().left - (names.clientWidth - link.offsetWidth) / 2;
}

async function show() {
  if (location.hash === shownAs || location.hash === "#main") return;
  shownAs = location.hash;
  const [mine, { name, query }] = [shownAs, address()];
  shown.close?.();
  shown = {};
  for (const link of document.querySelectorAll(".nav a")) {
    const isHere = link.getAttribute("href") === `#/${name}`;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (isHere) bringIn(link);
  }
  const root = make("div.section", { "data-section": name });
  fill(part("section"), root);
  part("section").setAttribute("aria-busy", "true");
  try {
    const { title, mount } = /** @type {Section} */ (await import(`./sections/${name}.js`));
    if (mine !== shownAs) return;
    fill(part("title"), title);
    document.title = `${title} · lambda-sqlite`;
    shown = mount(root, { api, query, announce, remember: (now) => root.isConnected && remember(name, now) });
  } catch (error) {
    fill(root, failure(error));
  }
  part("section").removeAttribute("aria-busy");
  part("refresh").toggleAttribute("hidden", !shown.refresh);
}

async function refresh() {
  announce("Asking again");
  await shown.refresh?.();
}

function switchTheme(event) {
  const theme = event.target.value;
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // A browser that keeps nothing for pages: the choice lasts as long as the page.
  }
  document.dispatchEvent(new CustomEvent("themechange"));
}

/** @type {HTMLSelectElement} */ (part("theme")).value = document.documentElement.dataset.theme ?? "";
part("theme").addEventListener("change", switchTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
  document.dispatchEvent(new CustomEvent("themechange")),
);
part("refresh").addEventListener("click", refresh);
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  part("main").focus();
});
addEventListener("hashchange", async () => {
  await show();
  scrollTo(0, 0);
});
document.addEventListener("sessionchange", () => showVisitor(part("visitor"), leave));
showVisitor(part("visitor"), leave);
await show();
