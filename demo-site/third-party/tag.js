// The campaign tag: a small stand-in for an advertiser's, in our own words. It gives the browser a number,
// notes the first page, and tells the partner through a pixel.
(function () {
  "use strict";
  // A tag that is put in by script has no `currentScript` while it runs late; its own element is found then.
  var own = document.currentScript || document.querySelector('script[src*="/tag.js"]');
  var host = own ? new URL(own.src).origin : "";
  var found = /(?:^|; )cm_visit=([0-9a-f]+)/.exec(document.cookie);
  var visit = found ? found[1] : Array.from(crypto.getRandomValues(new Uint8Array(8)), function (byte) {
    return byte.toString(16).padStart(2, "0");
  }).join("");
  document.cookie = "cm_visit=" + visit + "; path=/; max-age=7776000; samesite=lax";
  try {
    if (!localStorage.getItem("cm_first_page")) localStorage.setItem("cm_first_page", location.pathname);
  } catch (e) {
    // Storage is switched off: the pixel alone has to do.
  }
  new Image().src = host + "/pixel.gif?visit=" + visit + "&page=" + encodeURIComponent(location.pathname);
  window.campaignTag = { visit: visit };
})();
