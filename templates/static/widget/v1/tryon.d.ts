/** The types of <try-on>: add `/// <reference types="…/tryon.d.ts" />`, or copy this file. */

export type TryOnState = "choice" | "working" | "result" | "problem";

export interface AiLabel {
  /** Show the text wherever you show the picture. */
  required: boolean;
  text: string;
  iptc: string;
}

/** An approved picture of the same product on a model, never the one that was asked for. */
export interface FallbackPicture {
  id: string;
  imageUrl: string;
  thumbnailUrl: string;
  aiLabel: AiLabel;
}

export interface CartAnswer {
  ok: boolean;
  /** For the shopper, in their language. */
  message?: string;
  /** An http or https address, absolute or of the page's own site. */
  cartUrl?: string;
}

interface OfProduct {
  product: string;
}

interface Wish {
  productImageId: string;
  modelImageId?: string;
  shopperPhotoId?: string;
  options?: { mode: string };
}

export interface TryOnEvents {
  "tryon:open": CustomEvent<OfProduct>;
  "tryon:photo": CustomEvent<OfProduct & { source: "own" | "library"; id: string; warnings?: { code: string; message: string }[] }>;
  /** `needed`: with consent="external", the shopper wants to use a photo. Ask them, then set `consentVersion`. */
  "tryon:consent": CustomEvent<OfProduct & { state: "needed" | "given"; version: string }>;
  "tryon:start": CustomEvent<OfProduct & Wish>;
  "tryon:progress": CustomEvent<
    OfProduct & {
      jobId: string;
      status: "queued" | "processing";
      progress: number;
      queuePosition?: number;
      estimatedWaitTime?: number;
      waitReason?: "paused" | "out_of_credits" | "daily_limit" | "provider_down";
    }
  >;
  /** The addresses work for about an hour. */
  "tryon:result": CustomEvent<
    OfProduct & { jobId: string; resultId: string; imageUrl: string; thumbnailUrl: string; aiLabel: AiLabel }
  >;
  /** `details` are those of the API's error, such as `fields` of a wrong value. */
  "tryon:error": CustomEvent<
    OfProduct & { code: string; message: string; retryable: boolean; details: Record<string, unknown> }
  >;
  "tryon:fallback": CustomEvent<OfProduct & { reason: string; pictures: FallbackPicture[] }>;
  "tryon:cart": CustomEvent<
    OfProduct & { jobId: string; resultId: string; respondWith(answer: CartAnswer | Promise<CartAnswer>): void }
  >;
  "tryon:close": CustomEvent<OfProduct & { state: TryOnState }>;
}

export declare class TryOn extends HTMLElement {
  static readonly version: string;
  /** The product's number, as in the catalogue or in the uploads of the shop. */
  product: string;
  /** A publishable key: tos_pk_live_… or tos_pk_test_… */
  key: string;
  /** The same under another name, for frameworks that keep `key` for themselves. */
  publishableKey: string;
  /** The token of a session that the shop's server has opened for a shopper who is signed in. */
  token: string;
  consent: "" | "ask" | "external";
  /** The version of the text that the shopper agrees to, or with consent="external" has agreed to. */
  consentVersion: string;
  /** "own", "library" or both. */
  photo: string;
  /** Ids of model photos, or one of full_body, upper_body and lower_body. */
  models: string;
  mode: "" | "performance" | "balanced" | "quality";
  theme: "" | "light" | "dark" | "auto";
  /** The address of the service's API, for a copy of the script that lies elsewhere. */
  api: string;
  /** Whether there is a button for the cart. */
  cart: boolean;
  texts: Record<string, string>;
  readonly state: TryOnState;
  open(): void;
  close(options?: { cancel?: boolean }): void;
  reset(): void;
  retry(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "try-on": TryOn;
  }
  interface HTMLElementEventMap extends TryOnEvents {}
  interface DocumentEventMap extends TryOnEvents {}
}
