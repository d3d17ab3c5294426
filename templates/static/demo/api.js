// The calls of the public API that the shop's page makes.

import { once } from "./repeats.js";
import { asVisitor } from "./session.js";

const OWN_TRYONS = 12;

/** Send the visitor's own photo, after they have agreed to the text of this version. */
export function uploadOwn(file, consentVersion) {
  const form = new FormData();
  form.append("file", file);
  form.append("consentVersion", consentVersion);
  return once(`own ${file.name} ${file.size} ${file.lastModified}`, (headers) =>
    dataOf("shopper-photos", { method: "POST", body: form, headers }),
  );
}

/** Return the visitor's own photo. */
export function fetchOwn(id) {
  return dataOf(`shopper-photos/${id}`);
}

/** Erase all that the shop keeps of the visitor. Return the receipt. */
export function eraseMe() {
  return dataOf("shoppers/me", { method: "DELETE" });
}

/** Return a receipt of an erasure, and the pause until it makes sense to ask again. */
export async function fetchErasure(id) {
  const { data, retryAfterMs } = await asVisitor(`erasures/${id}`);
  return { receipt: data, pauseMs: retryAfterMs };
}

/** Ask for a try-on. Return its job, and pictures to show if it has to wait for the service. */
export function generate({ garment, second, model, mode }) {
  const json = {
    ...(second ? { garments: [garment, second].map(({ id }) => ({ productImageId: id })) } : { productImageId: garment.id }),
    [model.isOwn ? "shopperPhotoId" : "modelImageId"]: model.id,
    options: { mode },
  };
  return once(`generate ${JSON.stringify(json)}`, (headers) => dataOf("generate", { json, headers }));
}

const seen = new Map();

/** Return a job, and the pause until it makes sense to ask again, 0 if the API does not say. */
export async function fetchJob(id, signal) {
  const earlier = seen.get(id);
  const headers = earlier ? { "If-None-Match": earlier.tag } : {};
  const { data = earlier?.job, tag, retryAfterMs } = await asVisitor(`jobs/${id}`, { headers, signal });
  seen.set(id, { job: data, tag });
  return { job: data, pauseMs: retryAfterMs };
}

/** Return the visitor's latest try-ons, newest first. */
export function fetchJobs() {
  return dataOf(`jobs?pageSize=${OWN_TRYONS}`);
}

/** Cancel a try-on. Return the job as it is now. */
export function cancel(id) {
  return dataOf(`jobs/${id}/cancel`, { json: {} });
}

/** Say whether the visitor would show a picture: "yes", "almost" or "no". */
export function judge(resultId, verdict) {
  return dataOf(`results/${resultId}/feedback`, { json: { verdict } });
}

/** Return one page of the library: `{ data, meta }`. */
export function fetchModels({ category, page, pageSize }) {
  const query = new URLSearchParams({ page, pageSize });
  if (category) query.set("category", category);
  return asVisitor(`models?${query}`);
}

/** Return one model photo of the library. */
export function fetchModel(id) {
  return dataOf(`models/${id}`);
}

async function dataOf(path, options) {
  return (await asVisitor(path, options)).data;
}
