// An advertisement's pixel: Dailymotion's VAST client asks for an advertisement and reports that it was shown.
import { VASTClient, VASTTracker } from "@dailymotion/vast-client";

const origin = new URL(document.currentScript.src).origin;
const client = new VASTClient();
client.get(origin + "/advert/vast.xml").then((answer) => {
  const [ad] = answer.ads, tracker = new VASTTracker(client, ad, ad.creatives[0]);
  tracker.trackImpression();
  window.held.advert = tracker;
});
