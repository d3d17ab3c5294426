// Photos in the browser: turned, shrunk and without their notes on the way in, with the AI label on the way out.

const LONGEST_SIDE = 2000;
const QUALITY = 0.92;
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";

function drawnOn(width, height, draw) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  draw(context);
  return { canvas, context };
}

function jpegOf({ canvas }) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY);
  });
}

/** Return whether a canvas gives back what was drawn. Browsers that hide from trackers give noise. */
function isHonest() {
  const { context } = drawnOn(1, 1, (canvas) => {
    canvas.fillStyle = "#123456";
    canvas.fillRect(0, 0, 1, 1);
  });
  return String(context.getImageData(0, 0, 1, 1).data) === "18,52,86,255";
}

/** Return a photo as a JPEG of at most 2,000 px without any notes in it. What the browser can't read stays as it is. */
export async function shrunk(file) {
  if (/hei[cf]$/i.test(file.type || file.name) || !isHonest()) return file;
  try {
    const bitmap = await createImageBitmap(file); // turned as its camera says
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
    const drawn = drawnOn(width, height, (context) => {
      context.fillStyle = "#fff"; // behind what is transparent
      context.fillRect(0, 0, width, height);
      context.drawImage(bitmap, 0, 0, width, height);
    });
    bitmap.close();
    return await jpegOf(drawn);
  } catch {
    return file; // the service says why it can't use it
  }
}

/** Return the picture as a JPEG with the label on it, for people and, as IPTC's source type, for machines. */
export async function labelled(address, { text, iptc }) {
  // Not the copy that the page shows: it may have been loaded without the right to be read.
  const response = await fetch(address, { credentials: "omit", cache: "reload" });
  const bitmap = await createImageBitmap(await response.blob());
  const { width, height } = bitmap;
  const drawn = drawnOn(width, height, (context) => {
    context.drawImage(bitmap, 0, 0);
    const size = Math.max(14, Math.round(width / 30));
    context.font = `600 ${size}px sans-serif`;
    const box = { width: context.measureText(text).width + size * 1.2, height: size * 1.8 };
    context.fillStyle = "rgb(0 0 0 / 72%)";
    context.fillRect(size * 0.6, height - box.height - size * 0.6, box.width, box.height);
    context.fillStyle = "#fff";
    context.textBaseline = "middle";
    context.fillText(text, size * 1.2, height - box.height / 2 - size * 0.6);
  });
  bitmap.close();
  return withSourceType(await jpegOf(drawn), iptc);
}

async function withSourceType(jpeg, iptc) {
  const note =
    `${XMP}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
    `<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="${IPTC}" Iptc4xmpExt:DigitalSourceType="${iptc}"/></rdf:RDF></x:xmpmeta>`;
  const body = new TextEncoder().encode(note);
  const size = body.length + 2;
  const bytes = await jpeg.arrayBuffer();
  const head = Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, size >> 8, size & 255);
  return new Blob([head, body, bytes.slice(2)], { type: jpeg.type });
}
