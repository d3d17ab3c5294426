// The three pictures: zoom and pan are one for all of them.

const MOST_ZOOM = 8;
const STEP = 1.25;
const MOVE = 0.1;

/** Keeps zoom and place, and shows them on every layer inside `root`. */
export class View {
  #root;
  #zoom = 1;
  #x = 0;
  #y = 0;

  constructor(root) {
    this.#root = root;
    for (const stage of root.querySelectorAll(".review-stage")) this.#listen(stage);
  }

  reset() {
    this.#set(1, 0, 0);
  }

  zoomBy(steps, x = 0, y = 0) {
    const zoom = Math.min(MOST_ZOOM, Math.max(1, this.#zoom * STEP ** steps));
    const factor = zoom / this.#zoom;
    // What is under the pointer stays there.
    this.#set(zoom, x - (x - this.#x) * factor, y - (y - this.#y) * factor);
  }

  /** Return what keys and buttons do to the pictures, by the names of their actions. */
  actions(prefix = "") {
    return {
      [`${prefix}zoom_in`]: () => this.zoomBy(1),
      [`${prefix}zoom_out`]: () => this.zoomBy(-1),
      [`${prefix}zoom_reset`]: () => this.reset(),
      [`${prefix}left`]: () => this.move(MOVE, 0),
      [`${prefix}right`]: () => this.move(-MOVE, 0),
      [`${prefix}up`]: () => this.move(0, MOVE),
      [`${prefix}down`]: () => this.move(0, -MOVE),
    };
  }

  /** Move by shares of a picture's width and height. */
  move(x, y) {
    this.#set(this.#zoom, this.#x + x, this.#y + y);
  }

  /** Show zoom and place on layers that are new. */
  apply() {
    const transform = `translate(${this.#x * 100}%, ${this.#y * 100}%) scale(${this.#zoom})`;
    for (const layer of this.#root.querySelectorAll(".review-layer")) layer.style.transform = transform;
  }

  #set(zoom, x, y) {
    const most = (zoom - 1) / 2;
    this.#zoom = zoom;
    this.#x = Math.min(most, Math.max(-most, x));
    this.#y = Math.min(most, Math.max(-most, y));
    this.apply();
  }

  #listen(stage) {
    const share = (event) => {
      const box = stage.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width - 0.5, (event.clientY - box.top) / box.height - 0.5];
    };
    stage.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoomBy(-Math.sign(event.deltaY), ...share(event));
      },
      { passive: false },
    );
    stage.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      if (!stage.hasPointerCapture(event.pointerId)) return;
      const box = stage.getBoundingClientRect();
      this.move(event.movementX / box.width, event.movementY / box.height);
    });
  }
}

/** Loads the pictures of an item, and decodes them, before they are shown. */
export function load(item) {
  const pictures = {};
  for (const pane of ["result", "garment", "model"]) {
    pictures[pane] = picture(item[pane]);
  }
  pictures.before = picture(item.model);
  return pictures;
}

/** Return a layer of a stage with a picture, which is loaded and decoded before it is shown. */
export function picture({ url, name }) {
  const image = new Image();
  image.className = "review-layer";
  image.alt = name;
  image.draggable = false;
  if (url) {
    image.src = url;
    // A picture that can't be decoded says so when it is shown.
    image.decode().catch(() => undefined);
  }
  return image;
}
