// Looks whether what was deleted is gone, deletes what takes its time, and finds what is not gone.
//
// What a page cannot see, it cannot look for: cookies that only the server reads, and what other sites keep.

const d = document;

/** Of these items, as `items.js` gives them, those that are still on the device after deletions have had their time. */
export async function left(items) {
  let there = await present(items);
  for (let round = 0; there.length && round < 2; round++) {
    await Promise.all(there.map(erase));
    await new Promise((done) => setTimeout(done, 300));
    there = await present(there);
  }
  return there;
}

async function present(items) {
  const stored = {
    c: () => d.cookie.split(/; */).map((pair) => pair.split("=")[0]),
    l: () => Object.keys(localStorage),
    s: () => Object.keys(sessionStorage),
    i: databases,
    k: async () => [...await caches.keys(), ...(await workers()).map(path)],
  };
  const keys = {};
  for (const kind in stored) keys[kind] = await silently(stored[kind]) || [];
  return items.filter(({ kind, is }) => keys[kind].some(is));
}

function erase({ kind, is, drop }) {
  return silently(async () => {
    if (kind === "i") (await databases()).filter(is).forEach((name) => indexedDB.deleteDatabase(name));
    else if (kind === "k") {
      (await caches.keys()).filter(is).forEach((name) => caches.delete(name));
      (await workers()).filter((one) => is(path(one))).forEach((one) => one.unregister());
    } else drop();
  });
}

async function silently(act) {
  try {
    return await act();
  } catch {
    // Not there, or switched off: then nothing can be in it.
  }
}

const databases = async () => (await indexedDB.databases()).map(({ name }) => name);
const workers = () => navigator.serviceWorker.getRegistrations();
// Of a service worker the path of its script is its name among items.
const path = ({ active, waiting, installing }) => new URL((active || waiting || installing).scriptURL).pathname;
