// The site's own few lines: buttons that open the choices. Everything else works without.
(function () {
  "use strict";
  // Without Avow on the page there is nothing to open.
  if (!window.avow) return;
  document.querySelectorAll("[data-open-choices]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      window.avow.open();
    });
  });
})();
