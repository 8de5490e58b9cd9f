/** The cost model's prices, defaults and constants: `model.json`, made from the console's by `make docs`. */

/** @type {Promise<any> | null} */
let loaded = null;

/** Load them, once for all sections. Rejects where the file cannot be had; the next call then tries again. */
export async function loadModel() {
  loaded ??= load();
  try {
    return await loaded;
  } catch (error) {
    loaded = null;
    throw error;
  }
}

async function load() {
  const response = await fetch(new URL("model.json", import.meta.url));
  if (!response.ok) throw new Error(`model.json: status ${response.status}`);
  return response.json();
}
