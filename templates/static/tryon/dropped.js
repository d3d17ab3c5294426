// What a person has dropped on a page. It has to be read before the event is over.

/** Return the files of a drop, and the names of the folders among them. */
export function contents({ items, files }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.());
  const folders = entries.filter((entry) => entry?.isDirectory).map(({ name }) => name);
  return { files: [...files].filter(({ name }) => !folders.includes(name)), folders };
}
