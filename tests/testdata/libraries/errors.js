// Error monitoring with replay: Sentry's browser SDK and its replay integration.
import * as Sentry from "@sentry/browser";

const origin = new URL(document.currentScript.src);
Sentry.init({
  dsn: `https://held@${origin.host}/1`,
  integrations: [Sentry.replayIntegration()],
  replaysSessionSampleRate: 1,
  replaysOnErrorSampleRate: 1,
});
Sentry.captureException(new Error("a first error"));
window.held.errors = Sentry;
