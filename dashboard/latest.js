/** One call at a time: a newer one ends the one before, so that no late answer takes the place of a newer one. */

/**
 * Return a function that begins a call.
 * @param {AbortSignal} ending ends every call: the section is closed
 * @returns {() => AbortSignal} ends the call before, and returns the signal of the new one
 */
export function latest(ending) {
  let call = new AbortController();
  return () => {
    call.abort();
    call = new AbortController();
    return AbortSignal.any([call.signal, ending]);
  };
}
