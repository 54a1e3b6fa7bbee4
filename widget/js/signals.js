// What vendors' own tags are told of an answer, in their words: Microsoft's UET and Clarity, and Meta's pixel.
// Beside holding the tags, never in its place. Google's consent mode is older: it is in `guard.js` and `page.js`.

const w = window;

/** Tells the tags that are on the page; `states` are those of consent mode. */
export function signal({ ad_storage, analytics_storage }) {
  tell(w.uetq?.push && w.uetq.push.bind(w.uetq), "consent", "update", { ad_storage });
  // With a capital letter, as Clarity has it.
  tell(w.clarity, "consentv2", { ad_Storage: ad_storage, analytics_Storage: analytics_storage });
  tell(w.fbq, "consent", ad_storage === "granted" ? "grant" : "revoke");
}

// What a page calls by that name may be anything, and may throw.
function tell(vendor, ...words) {
  try {
    if (typeof vendor === "function") vendor(...words);
  } catch {}
}
