// A video embed: video.js plays a film of this script's own host in every box that asks for one.
import videojs from "video.js";

const origin = new URL(document.currentScript.src).origin;
const show = () => {
  for (const box of document.querySelectorAll("[data-film]:empty")) {
    const video = box.appendChild(document.createElement("video"));
    video.className = "video-js";
    videojs(video, { controls: true, preload: "auto", poster: origin + "/film/poster.gif", sources: [{ src: origin + "/film/" + box.dataset.film, type: "video/mp4" }] });
  }
};
window.held.film = { show };
show();
