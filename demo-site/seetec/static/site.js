// The site's own few lines: buttons that open the cookie choices, and a table that the visitor can ask for.
// Everything else works without.
(function () {
  "use strict";

  // Shows what this browser says of itself, to nobody but the person in front of it: nothing is sent or kept.
  var ask = document.querySelector("[data-tell]");
  if (ask) {
    ask.hidden = false;
    ask.addEventListener("click", function () {
      var said = {
        browser: navigator.userAgent,
        language: navigator.language,
        zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        screen: screen.width + " by " + screen.height
      };
      document.querySelectorAll("[data-told]").forEach(function (place) {
        place.textContent = said[place.getAttribute("data-told")] || "Your browser keeps this to itself";
      });
      document.getElementById("told").hidden = false;
      ask.hidden = true;
      document.getElementById("told").focus();
    });
  }

  // Without Avow on the page there is nothing to open.
  if (!window.avow) return;
  document.querySelectorAll("[data-open-choices]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      window.avow.open();
    });
  });
})();
