/** The page: one section at a time, by the address's hash (`#/data?order=asc`), and what all sections share. */

import { makeApi } from "./api.js";
import { fill, make } from "./elements.js";
import { failure } from "./notice.js";
import { keepSession, session, showVisitor } from "./visitor.js";

/**
 * What a section is given.
 * @typedef {object} Context
 * @property {import("./api.js").Api} api
 * @property {URLSearchParams} query of the hash: what the section's view depends on
 * @property {(query: Record<string, string>) => void} remember puts the view into the address, without a step of history
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

const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const api = makeApi({ onNobody: () => enter() });

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
  if (session()) keepSession(null);
  if (address().name !== "enter") location.hash = `#/enter?then=${encodeURIComponent(location.hash)}`;
}

function announce(text) {
  fill(part("announcer"), text);
}

function remember(name, query) {
  const text = new URLSearchParams(query).toString();
  shownAs = `#/${name}${text && `?${text}`}`;
  history.replaceState(null, "", shownAs);
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
    if (isHere) link.scrollIntoView({ block: "nearest", inline: "center" });
  }
  const root = make("div.section", { "data-section": name });
  fill(part("section"), root);
  try {
    const { title, mount } = /** @type {Section} */ (await import(`./sections/${name}.js`));
    if (mine !== shownAs) return;
    fill(part("title"), title);
    document.title = `${title} · lambda-sqlite`;
    shown = mount(root, { api, query, announce, remember: (now) => remember(name, now) });
  } catch (error) {
    fill(root, failure(error));
  }
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
document.addEventListener("sessionchange", () => showVisitor(part("visitor")));
showVisitor(part("visitor"));
await show();
