// A whole try-on by a storefront in TypeScript. Its types come from the schema: a wrong name does not compile.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };
declare const console: { log(text: string): void };

type Status = components["schemas"]["JobStatus"];
type Code = components["schemas"]["ErrorCode"];

const [address, key, photo] = process.argv.slice(2) as [string, string, string];
const api = createClient<paths>({ baseUrl: address, headers: { Authorization: `Api-Key ${key}` } });

// Return the data of a success. Fail with the API's own words otherwise.
function taken<Body extends { data?: unknown }>(answer: {
  data?: Body;
  error?: components["schemas"]["Error"] | undefined;
}): NonNullable<Body["data"]> {
  if (answer.data?.data === undefined) throw new Error(answer.error?.error.message ?? "no body");
  return answer.data.data as NonNullable<Body["data"]>;
}

function isOver(status: Status): boolean {
  switch (status) {
    case "queued":
    case "processing":
      return false;
    case "completed":
    case "failed":
    case "canceled":
      return true;
  }
}

const form = new FormData();
form.append("file", new Blob([Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0))]), "garment.jpg");
form.append("productId", "SKU-TS");
const upload = taken(
  await api.POST("/api/tryon/upload", {
    body: { file: "", productId: "" },
    bodySerializer: () => form,
  }),
);

const [model] = taken(await api.GET("/api/tryon/models", { params: { query: { category: "full_body" } } }));
if (model === undefined) throw new Error("The library is empty.");

const asked = await api.POST("/api/tryon/generate", {
  body: { productImageId: upload.id, modelImageId: model.id, options: { mode: "quality" } },
});
const { jobId, status } = taken(asked);
const pause = Number(asked.response.headers.get("Retry-After"));

const followed = { params: { path: { job_id: jobId } } };
let job = taken(await api.GET("/api/tryon/jobs/{job_id}", followed));
while (!isOver(job.status)) {
  await new Promise<void>((done) => setTimeout(done, 200));
  job = taken(await api.GET("/api/tryon/jobs/{job_id}", followed));
}
if (job.resultId === undefined) throw new Error(job.errorMessage ?? job.status);

const result = taken(
  await api.GET("/api/tryon/results/{result_id}", { params: { path: { result_id: job.resultId } } }),
);
const picture = await (await fetch(result.imageUrl)).arrayBuffer();

const erased = await api.DELETE("/api/tryon/uploads/{photo_id}", { params: { path: { photo_id: upload.id } } });
const gone = taken(await api.GET("/api/tryon/jobs/{job_id}", followed));
const missing = await api.GET("/api/tryon/uploads/{photo_id}", { params: { path: { photo_id: upload.id } } });
const code: Code | undefined = missing.error?.error.code;

console.log(
  JSON.stringify({
    asked: [asked.response.status, status, pause > 0],
    end: [job.status, job.resultState, job.productId, picture.byteLength > 1000],
    erased: [erased.response.status, gone.resultState, code],
  }),
);
