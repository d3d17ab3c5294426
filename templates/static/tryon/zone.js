// Offer the browser's time zone to a person who has not chosen one. Either answer ends the offer.
const offer = document.querySelector("[data-zone]");
const there = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (there && there !== offer.dataset.zone) {
    offer.querySelector("[data-zone-there]").textContent = there.replaceAll("_", " ");
    offer.querySelector("[data-zone-take]").value = there;
    offer.hidden = false;
}
