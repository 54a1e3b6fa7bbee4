// The live view: reads all that has arrived, then hears of each arrival as it comes.
(function () {
  "use strict";
  var rows = document.getElementById("rows"), total = document.getElementById("total"), state = document.getElementById("state");

  function cell(row, text, kind) {
    var made = row.insertCell();
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }

  function count(number) {
    total.textContent = number;
    document.getElementById("empty").hidden = number > 0;
    document.getElementById("table").hidden = number === 0;
  }

  function add(arrival) {
    var row = rows.insertRow(0), tag = document.createElement("span");
    tag.className = "purpose " + (arrival.purpose || "none");
    tag.textContent = arrival.purpose || "not declared";
    cell(row, arrival.n);
    cell(row, new Date(arrival.at).toLocaleTimeString("en-GB"));
    cell(row, "").appendChild(tag);
    cell(row, arrival.detail);
    cell(row, arrival.method + " " + arrival.host + arrival.path, "code");
    cell(row, arrival.page || "not said", "code");
    cell(row, arrival.identifiers.join(" ") || "none yet", "code");
    count(arrival.n);
  }

  function read() {
    return fetch("/live.json").then(function (answer) {
      return answer.json();
    }).then(function (all) {
      rows.replaceChildren();
      all.arrivals.forEach(add);
      count(all.total);
    });
  }

  var stream = new EventSource("/live/events");
  stream.onopen = function () {
    state.textContent = "Listening";
    state.className = "on";
    read();
  };
  stream.onerror = function () {
    state.textContent = "The connection is lost; trying again…";
    state.className = "";
  };
  stream.addEventListener("arrival", function (event) {
    var arrival = JSON.parse(event.data);
    // One that the first reading has shown already comes again on the stream.
    if (arrival.n > +total.textContent) add(arrival);
  });
  stream.addEventListener("reset", read);
  stream.addEventListener("behind", read);
  document.getElementById("reset").addEventListener("click", function () {
    fetch("/live/reset", { method: "POST" });
  });
})();
