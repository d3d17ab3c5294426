// More photos than a form takes are told before they are sent: a server that refuses a body by its length closes
// the connection, and a browser shows that as an error of the network. Admin forms check nothing by themselves.
function isTooMuch(input) {
    const { most, mostBytes, tooMany, tooLarge } = input.dataset;
    const bytes = [...input.files].reduce((sum, file) => sum + file.size, 0);
    const large = bytes > Number(mostBytes) ? tooLarge : "";
    input.setCustomValidity(input.files.length > Number(most) ? tooMany : large);
    if (input.validity.customError) {
        input.reportValidity();
    }
    return input.validity.customError;
}

document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-most-bytes]")) {
        isTooMuch(target);
    }
});

document.addEventListener("submit", (event) => {
    if ([...event.target.querySelectorAll("[data-most-bytes]")].some(isTooMuch)) {
        event.preventDefault();
    }
});
