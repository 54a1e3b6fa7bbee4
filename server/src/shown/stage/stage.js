// Runs first on the stage, which has an origin of its own: no cookies, no storage, and the signals of a record.
(function (root) {
  "use strict";
  var layers = { banner: "avow-banner", dialog: "avow-dialog" }, wanted = layers[root.dataset.layer];
  // Reading cookies throws in such an origin, and the widget would take that for a browser that keeps nothing.
  Object.defineProperty(document, "cookie", { get: function () { return ""; }, set: function () {} });
  Object.defineProperty(navigator, "globalPrivacyControl", { value: root.dataset.gpc === "true" });
  document.addEventListener("avow:ready", function () {
    if (root.dataset.layer === "dialog") window.avow.open();
    // The banner stands by now, or there is nothing to ask.
    else if (!document.getElementById(wanted)) root.dataset.drawn = "none";
    if (!root.dataset.drawn) seek();
  });
  // Until the layer stands, and has been drawn; whoever takes a picture waits for the word.
  function seek() {
    if (!document.getElementById(wanted)) return void requestAnimationFrame(seek);
    document.fonts.ready.then(function () {
      requestAnimationFrame(function () {
        requestAnimationFrame(function () {
          root.dataset.drawn = "true";
        });
      });
    });
  }
})(document.documentElement);
