// The site: a single-page app in React, whose routes change without a new document.
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

const routes = { "/app/": "Start", "/app/film": "Film", "/app/contact": "Contact" };

function Film() {
  useEffect(() => {
    // As embeds do: their script is asked for when a page needs it.
    if (window.held.film) return window.held.film.show();
    const script = document.createElement("script");
    script.src = document.documentElement.dataset.far + "/film.js";
    document.head.append(script);
  }, []);
  return <div data-film="one.mp4" />;
}

function App() {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const moved = () => setPath(location.pathname);
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, []);
  const go = (event) => {
    event.preventDefault();
    history.pushState(null, "", event.target.getAttribute("href"));
    dispatchEvent(new PopStateEvent("popstate"));
  };
  return (
    <main>
      <nav>
        {Object.entries(routes).map(([to, name]) => (
          <a key={to} id={"to-" + name.toLowerCase()} href={to} onClick={go}>{name} </a>
        ))}
      </nav>
      <h1>{routes[path]}</h1>
      {path === "/app/film" && <Film />}
    </main>
  );
}

createRoot(document.getElementById("app")).render(<StrictMode><App /></StrictMode>);
