/// <reference path="../../templates/static/widget/src/tryon.d.ts" />
// A shop's page in TypeScript: `make lint-web` checks it against the shipped types.

export function furnish(addToCart: (product: string) => Promise<boolean>): void {
  const room = document.createElement("try-on");
  Object.assign(room, { product: "SKU-1", key: "tos_pk_live_…", cart: true });
  room.consent = "external";
  room.texts = { go: "Zeig es mir" };
  room.addEventListener("tryon:consent", ({ detail }) => {
    if (detail.state === "needed") room.consentVersion = "2026-12";
  });
  document.addEventListener("tryon:cart", ({ detail }) => {
    detail.respondWith(addToCart(detail.product).then((ok) => ({ ok, cartUrl: "/cart" })));
  });
  document.addEventListener("tryon:fallback", ({ detail }) => {
    for (const { thumbnailUrl, aiLabel } of detail.pictures) room.title += thumbnailUrl + aiLabel.text;
  });
  // @ts-expect-error: no such event
  room.addEventListener("tryon:opened", (event) => event.detail);
  room.close({ cancel: room.state === "working" });
}
