// Looks whether what was deleted is gone, and says what is not.
//
// What a page cannot see, it cannot look for: cookies that only the server reads, and what other sites keep.

const d = document;

/** The declared items of `items` that are still on the device; looked for after deletions have had their time. */
export async function left(items, erase) {
  let there = await present(items);
  for (let round = 0; there.length && round < 2; round++) {
    there.forEach(erase);
    await new Promise((done) => setTimeout(done, 300));
    there = await present(there);
  }
  return there;
}

async function present(items) {
  const databases = await names(() => indexedDB.databases(), ({ name }) => name);
  const stores = await names(() => caches.keys(), (name) => name);
  const workers = await names(() => navigator.serviceWorker.getRegistrations(), path);
  const cookies = d.cookie.split(/; */).map((pair) => pair.split("=")[0]);
  const keys = {
    cookie: cookies,
    local: await names(() => Object.keys(localStorage), (name) => name),
    session: await names(() => Object.keys(sessionStorage), (name) => name),
    indexeddb: databases,
    cache: stores.concat(workers),
  };
  return items.filter(({ kind, name, prefix }) => (keys[kind] || []).some((key) => (prefix ? key.startsWith(name) : key === name)));
}

async function names(list, name) {
  try {
    return (await list()).map(name);
  } catch {
    // Not there, or switched off: then nothing can be in it.
    return [];
  }
}

// Of a service worker the path of its script is its name among items.
function path({ active, waiting, installing }) {
  return new URL((active || waiting || installing).scriptURL).pathname;
}
