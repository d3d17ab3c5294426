// Small values that outlive the page, where the browser allows it.

/** Return a place for a JSON value in `localStorage` or `sessionStorage`: `read()`, `write(value)`, `clear()`. */
export function stored(area, name) {
  let inMemory;
  const attempt = (act, otherwise) => {
    try {
      return act(globalThis[area]);
    } catch {
      return otherwise; // blocked, full, or not ours: the page itself remembers
    }
  };
  return {
    read: () => attempt((storage) => JSON.parse(storage.getItem(name)), undefined) ?? inMemory,
    write(value) {
      inMemory = value;
      attempt((storage) => storage.setItem(name, JSON.stringify(value)));
    },
    clear() {
      inMemory = undefined;
      attempt((storage) => storage.removeItem(name));
    },
  };
}
