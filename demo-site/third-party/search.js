// The stand-in of a search provider: suggestions from what was searched for here before.
(function () {
  "use strict";
  var KEY = "se_recent";
  function recent() {
    try { return JSON.parse(localStorage.getItem(KEY)) || []; } catch { return []; }
  }
  function start() {
    document.querySelectorAll("form[data-search]").forEach(function (form, at) {
      var field = form.querySelector("input[type=search]");
      if (!field) return;
      var list = document.createElement("datalist");
      list.id = "se-suggestions-" + at;
      recent().forEach(function (text) {
        var option = document.createElement("option");
        option.value = text;
        list.append(option);
      });
      form.append(list);
      field.setAttribute("list", list.id);
      form.addEventListener("submit", function () {
        var text = field.value.trim();
        if (text) localStorage.setItem(KEY, JSON.stringify([text].concat(recent().filter(function (old) { return old !== text; })).slice(0, 5)));
      });
    });
  }
  // Loaded: known from the first visit on.
  if (!localStorage.getItem(KEY)) localStorage.setItem(KEY, "[]");
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
