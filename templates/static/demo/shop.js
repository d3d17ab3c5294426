// The shop's own part: a cart. All the rest of the fitting room is the widget's.

const count = document.getElementById("bag-count");
let products = 0;

document.addEventListener("tryon:cart", (event) => {
  products += 1;
  count.value = String(products);
  event.detail.respondWith({ ok: true, cartUrl: "#bag" });
});
