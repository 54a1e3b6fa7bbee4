// Share buttons as an editor might have pasted them: nobody marked them for Avow and no policy declares them.
(function () {
  "use strict";
  document.cookie = "share_visitor=" + Math.floor(Math.random() * 1e12) + "; path=/; max-age=31536000; samesite=lax";
  var place = document.getElementById("share");
  if (place) place.textContent = "The share buttons are running: a tag that nobody marked got through.";
  window.shareButtons = true;
})();
