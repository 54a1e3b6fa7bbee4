// Product analytics: posthog-js as its documentation installs it, with its host at this script's own.
import posthog from "posthog-js";

const origin = new URL(document.currentScript.src).origin;
posthog.init("phc_held", {
  api_host: origin + "/analytics",
  // What drives a test is no bot.
  opt_out_useragent_filter: true,
  disable_session_recording: true,
  request_batching: false,
  persistence: "localStorage+cookie",
});
window.held.analytics = posthog;
addEventListener("popstate", () => posthog.capture("$pageview"));
