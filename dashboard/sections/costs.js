export const title = "What it costs";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, { api }) {
  return {};
}
