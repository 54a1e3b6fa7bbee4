// The film player: a drawn film of twelve seconds. Like real ones it remembers how far one has watched.
(function () {
  "use strict";
  var LENGTH = 12, CAPTIONS = ["Where do I start?", "Talk to people who do the job.", "Try it for a day.", "Take the next step."];
  var canvas = document.getElementById("film"), paint = canvas.getContext("2d");
  var button = document.getElementById("play"), progress = document.getElementById("progress"), caption = document.getElementById("caption");
  var at = 0, last = null, playing = false;
  try {
    at = +localStorage.getItem("film_position") || 0;
  } catch (e) {
    // No storage: the film starts at the beginning.
  }

  function draw() {
    var scale = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight, i, x, y, lit;
    canvas.width = width * scale;
    canvas.height = height * scale;
    paint.scale(scale, scale);
    var sky = paint.createLinearGradient(0, 0, 0, height);
    sky.addColorStop(0, "#0b5563");
    sky.addColorStop(1, "#06222a");
    paint.fillStyle = sky;
    paint.fillRect(0, 0, width, height);
    paint.strokeStyle = "#ffffff22";
    for (i = 0; i < 6; i++) {
      paint.beginPath();
      for (x = 0; x <= width; x += 12) paint.lineTo(x, height * (0.45 + i * 0.09) + Math.sin(x / 60 + at * 1.5 + i) * 5);
      paint.stroke();
    }
    for (i = 0; i < 7; i++) {
      lit = at / LENGTH * 7 > i;
      x = width * (0.1 + i * 0.133);
      y = height * (0.72 - i * 0.075 + (i % 2) * 0.05);
      paint.fillStyle = lit ? "#ffd166" : "#5d8a92";
      paint.beginPath();
      paint.ellipse(x, y, width * 0.05, height * 0.035, 0, 0, 7);
      paint.fill();
    }
    progress.value = at / LENGTH;
    var words = CAPTIONS[Math.min(3, Math.floor(at / LENGTH * 4))];
    if (caption.textContent !== words) caption.textContent = words;
  }

  function step(now) {
    if (!playing) return;
    if (last !== null) at += (now - last) / 1000;
    last = now;
    if (at >= LENGTH) {
      at = LENGTH;
      stop();
    }
    draw();
    if (playing) requestAnimationFrame(step);
  }

  function stop() {
    playing = false;
    last = null;
    button.textContent = at >= LENGTH ? "Again" : "Play";
    try {
      localStorage.setItem("film_position", at.toFixed(1));
    } catch (e) {
      // Nothing to remember with.
    }
  }

  button.addEventListener("click", function () {
    if (playing) return stop(), draw();
    if (at >= LENGTH) at = 0;
    playing = true;
    button.textContent = "Pause";
    requestAnimationFrame(step);
  });
  window.addEventListener("resize", draw);
  stop();
  draw();
})();
