// Small values that outlive a reload, and go with the tab: a token and ids. No picture is ever among them.

const PREFIX = "try-on ";

/** Return a place for a JSON value: `read()`, `write(value)`, `clear()`. Without storage the page itself remembers. */
export function stored(name) {
  let inMemory;
  const attempt = (act) => {
    try {
      return act(sessionStorage);
    } catch {
      return undefined; // blocked, full, or not ours
    }
  };
  return {
    read: () => attempt((storage) => JSON.parse(storage.getItem(PREFIX + name))) ?? inMemory,
    write(value) {
      inMemory = value;
      attempt((storage) => storage.setItem(PREFIX + name, JSON.stringify(value)));
    },
    clear() {
      inMemory = undefined;
      attempt((storage) => storage.removeItem(PREFIX + name));
    },
  };
}
