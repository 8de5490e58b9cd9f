/**
 * Who is in, and until when. The session itself is a cookie that no script can read; what is kept here is what the API
 * said of it, so that a page that needs no session does not ask for one.
 */

import { fill, make } from "./elements.js";
import { time } from "./format.js";

const KEPT = "session";

/** In a browser that keeps nothing for pages: until the page is loaded again. @type {Session | null} */
let held = null;

/**
 * @typedef {object} Session
 * @property {string} id
 * @property {string} tenant
 * @property {string[]} scopes
 * @property {string} expires_at
 */

/** Return what is known of this browser's session; null where it has none. @returns {Session | null} */
export function session() {
  const kept = stored();
  return Date.parse(kept?.expires_at ?? "") > Date.now() ? kept : null;
}

/** Tell whether this browser had one that is not left, be it over or not. */
export const hadSession = () => Boolean(stored());

function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "null");
  } catch {
    return held;
  }
}

/** Keep what the API said of a session, or forget it, and let the page know. @param {Session | null} now */
export function keepSession(now) {
  held = now;
  try {
    if (now) localStorage.setItem(KEPT, JSON.stringify(now));
    else localStorage.removeItem(KEPT);
  } catch {
    // A browser that keeps nothing for pages: the cookie still lets it in, and `held` lets it leave.
  }
  document.dispatchEvent(new CustomEvent("sessionchange"));
}

/** Show who is in, and the way out. @param {HTMLElement} root @param {() => void} leave */
export function showVisitor(root, leave) {
  const known = session();
  root.toggleAttribute("hidden", !known);
  if (!known) return;
  const until = make("time", { datetime: known.expires_at }, `${time(known.expires_at).slice(0, 16)} UTC`);
  const out = make("button.link", { type: "button", onclick: leave }, "Leave");
  fill(root, make("span", {}, make("a", { href: "#/enter" }, known.tenant), " until ", until), out);
}
