// The whole policy in the page's language, fetched once, when somebody is to be told something.

let whole;

/** A promise of it; after a failure the next call tries again. */
export function words({ base, site, hash }, { lang }) {
  whole = whole || fetch(base + "/site/" + site + "/" + hash + "/" + lang + ".json").then((answer) => {
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  });
  whole.catch(() => (whole = undefined));
  return whole;
}
