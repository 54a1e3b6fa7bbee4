// The sites' own few lines: cookie choices, clocks, which of the two domains this is, and the list of courses.
// Everything works without them, and nothing here stores anything.
(function () {
  "use strict";

  // Which of the group's two domains is open; a link to the same domain hands nothing over.
  document.querySelectorAll(".houses a").forEach(function (link) {
    if (link.origin === location.origin) link.setAttribute("aria-current", "true");
  });

  // Local times of the study centres.
  var language = document.documentElement.lang;
  function tick() {
    document.querySelectorAll("[data-zone]").forEach(function (place) {
      place.textContent = new Intl.DateTimeFormat(language, {
        timeZone: place.dataset.zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23"
      }).format(new Date());
    });
  }
  tick();
  setInterval(tick, 15000);

  // The search of our own: it hides what does not fit. Suggestions are the search provider's, and only by consent.
  var list = document.querySelector("[data-courses]");
  if (list) {
    var form = document.querySelector("form[data-search]");
    var field = form.querySelector("input[type=search]");
    var found = document.querySelector("[data-found]");
    var show = function () {
      var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      var count = 0;
      list.querySelectorAll(":scope > li").forEach(function (course) {
        var text = course.textContent.toLowerCase();
        course.hidden = !words.every(function (word) { return text.includes(word); });
        if (!course.hidden) count += 1;
      });
      found.textContent = count + (count === 1 ? " course" : " courses");
    };
    field.value = new URLSearchParams(location.search).get("q") || "";
    field.addEventListener("input", show);
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      show();
    });
    if (field.value) show();
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
