// A product's number and the view, from the name of a photo's file: as tryon/catalogue/names.py does it on the server.

const PLACE = /\{(\w*)\}/;
const PARTS = { product: "(?<product>.+)", view: "(?<view>.+?)" };

/** Return whether a pattern has {product} once, {view} at most once, and something between them. */
export function isPattern(pattern) {
  const texts = pattern.split(PLACE);
  const places = texts.filter((_, at) => at % 2);
  const others = texts.filter((_, at) => !(at % 2)).join("");
  return (
    places.includes("product") &&
    places.every((place) => place in PARTS) &&
    new Set(places).size === places.length &&
    !pattern.includes("}{") &&
    !/[{}]/.test(others)
  );
}

/** Return the parts of a file's name. A name unlike the pattern is the product's number itself. */
export function nameParts(fileName, pattern) {
  const stem = fileName.replace(/(?<=.)\.[^.]*$/, "");
  const expression = pattern
    .split(PLACE)
    .map((part, at) => (at % 2 ? PARTS[part] : part.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")))
    .join("");
  const match = new RegExp(`^${expression}$`, "i").exec(stem);
  const { product = stem, view = "" } = match?.groups ?? {};
  return {
    product: product.trim().slice(0, 100),
    view: view.trim().toLowerCase().slice(0, 40),
    matches: Boolean(match),
  };
}
