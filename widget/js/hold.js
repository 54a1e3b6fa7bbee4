// What the mode `compatible` adds to the guard: without a content security policy, tags and requests for hosts
// that nothing allows are held by patches and by an observer.
//
// "Not executed", not "not contacted": what the parser inserts may have been asked for by the browser's look-ahead
// before any script ran. Held tags keep their place in the format that `replay.js` reads and the gate writes;
// requests that a script makes are refused and not made up for.
//
// Same rules as in the guard: plain old JavaScript, nothing read from the page after it was set up.

// Elements that fetch, and by which attributes.
var FETCHING = "script,iframe,frame,img,source,video,audio,track,embed,object,link,input,image,use,feImage,a[ping],area[ping]",
  ATTRIBUTES = ["src", "href", "xlink:href", "data", "poster", "srcset", "ping"],
  PROPERTIES = [
    ["HTMLImageElement", "src"],
    ["HTMLImageElement", "srcset"],
    ["HTMLIFrameElement", "src"],
    ["HTMLMediaElement", "src"],
    ["HTMLVideoElement", "poster"],
    ["HTMLSourceElement", "src"],
    ["HTMLSourceElement", "srcset"],
    ["HTMLTrackElement", "src"],
    ["HTMLEmbedElement", "src"],
    ["HTMLObjectElement", "data"],
    ["HTMLInputElement", "src"],
    ["HTMLLinkElement", "href"],
    ["HTMLAnchorElement", "ping"],
  ];

/** Sets it up with the guard's `net`; gives back what holds a tag, and what patches a realm. */
export function hold(net) {
  var d = document,
    method = net.method,
    exec = net.exec,
    attribute = net.attribute,
    mark = net.mark,
    tagOf = net.tagOf,
    apply = net.apply,
    leaves = net.leaves,
    unmark = method("Element", "removeAttribute"),
    queryElement = method("Element", "querySelectorAll"),
    queryFragment = method("DocumentFragment", "querySelectorAll"),
    namesOf = method("Element", "getAttributeNames"),
    replace = method("Element", "replaceWith"),
    create = method("Document", "createElement"),
    lower = method("String", "toLowerCase"),
    asyncOf = net.getter("HTMLScriptElement", "async"),
    html = Reflect.getOwnPropertyDescriptor(Element.prototype, "innerHTML"),
    elsewhere = d.implementation.createHTMLDocument(""),
    aside = elsewhere.createElement("template"),
    adopt = method("Document", "adoptNode"),
    contentOf = net.getter("HTMLTemplateElement", "content"),
    reject = net.reject,
    wanted = new WeakMap(); // tags that the visitor asked for by themselves

  // Does one of the addresses in an attribute leave? Those with several part them by spaces and commas.
  function stranger(name, value) {
    if (!value) return false;
    if (name !== "srcset" && name !== "ping") return leaves(value);
    for (var each = /[^\s,]+/g, found; (found = exec(each, value)); ) if (leaves(found[0])) return true;
    return false;
  }

  function isCode(tag) {
    return exec(/^\s*(?:|module|(?:text|application)\/(?:x-)?(?:java|ecma|j|live)script[\d.]*)\s*$/i, attribute(tag, "type") || "");
  }

  // Takes away what would fetch; a script keeps its address and loses its type. True if anything was.
  function take(tag) {
    var name = tagOf(tag), script = name === "script", names = "", value, i, key;
    if (net.find(wanted, tag) || (script && !isCode(tag))) return false;
    for (i = 0; i < ATTRIBUTES.length; i++) {
      key = ATTRIBUTES[i];
      value = attribute(tag, key);
      // Where a link leads is the visitor's to follow.
      if (!stranger(key, value) || (key === "href" && exec(/^a(?:rea)?$/, name))) continue;
      if (script) {
        names = "type";
        break;
      }
      mark(tag, "data-avow-" + key, value);
      unmark(tag, key);
      names += (names && " ") + key;
    }
    if (!names) return false;
    if (script) {
      value = attribute(tag, "type");
      if (value !== null) mark(tag, "data-avow-type", value);
      mark(tag, "type", "text/plain");
    }
    mark(tag, "data-avow-held", names);
    return true;
  }

  // Takes what a script is about to insert.
  function takeAll(node) {
    try {
      var kind = net.typeOf(node), list, i;
      // Of itself a script that a script inserts is asynchronous; the mark says so when it is put back.
      if (kind === 1 && take(node) && tagOf(node) === "script" && asyncOf(node)) mark(node, "data-avow-async", "");
      list = kind === 1 ? queryElement(node, FETCHING) : kind === 11 ? queryFragment(node, FETCHING) : [];
      for (i = 0; i < list.length; i++) take(list[i]);
    } catch (e) {}
  }

  // Takes what is there already. A script that waits for its file or its turn would run without its type, too, but
  // not once it belongs to another document (HTML, 4.12.1.1): what takes its place waits.
  function taken(node) {
    try {
      if (net.typeOf(node) !== 1) return;
      var list = queryElement(node, FETCHING), i;
      instead(node);
      for (i = 0; i < list.length; i++) instead(list[i]);
    } catch (e) {}
  }

  function instead(tag) {
    if (!take(tag) || tagOf(tag) !== "script") return;
    var other = create(d, "script"), names = namesOf(tag), i, value;
    for (i = 0; i < names.length; i++) {
      value = attribute(tag, names[i]);
      mark(other, names[i] === "src" ? "data-avow-src" : names[i], value);
    }
    mark(other, "data-avow-held", "src type");
    replace(tag, other);
    adopt(elsewhere, tag);
  }

  // Markup with nothing in it that fetches from a stranger. What has none is passed on as it is. Scripts run only
  // in what is written: elsewhere they are dead, and stay so.
  function clean(text, written) {
    var list, i, found;
    if (!exec(/<[^>]*(?:src|href|data|poster|ping)/i, "" + text)) return text;
    apply(html.set, aside, [net.html("" + text)]);
    list = queryFragment(contentOf(aside), FETCHING);
    for (i = 0; i < list.length; i++)
      if (take(list[i])) {
        found = true;
        if (!written && tagOf(list[i]) === "script") unmark(list[i], "data-avow-held");
      }
    return found ? net.html(apply(html.get, aside, [])) : text;
  }

  function realm(v) {
    var hook = net.hook, i;

    function setting(name) {
      return function (was, self, args) {
        if (net.find(wanted, self) || !stranger(name, "" + args[0])) return apply(was, self, args);
        mark(self, "data-avow-" + name, "" + args[0]);
        mark(self, "data-avow-held", name);
      };
    }

    // A script is held when it is inserted; only one that is in place already is held by its address.
    function byAttribute(was, self, args, at) {
      var name = lower("" + args[at]);
      if (!net.find(wanted, self) && exec(/^(?:src|srcset|data|poster|href|xlink:href|ping)$/, name) && exec(/^(?:iframe|frame|img|source|video|audio|track|embed|object|link|input|image|use|feimage)$/i, tagOf(self)) && stranger(name, "" + args[at + 1])) {
        mark(self, "data-avow-" + name, "" + args[at + 1]);
        mark(self, "data-avow-held", name);
        return;
      }
      return apply(was, self, args);
    }

    function refuse(was, self, args) {
      return leaves((args[0] && args[0].url) || args[0]) ? reject(new TypeError("Failed to fetch")) : apply(was, self, args);
    }

    function never(was, target, args) {
      var address = "" + args[0], socket = exec(/^\s*ws(s?:.*)/i, address);
      if (leaves(socket ? "http" + socket[1] : address)) throw net.denied();
      return net.construct(was, args, target);
    }

    for (i = 0; i < PROPERTIES.length; i++) hook(v, PROPERTIES[i][0], PROPERTIES[i][1], setting(PROPERTIES[i][1]));
    hook(v, "Element", "setAttribute", function (was, self, args) {
      return byAttribute(was, self, args, 0);
    });
    hook(v, "Element", "setAttributeNS", function (was, self, args) {
      return byAttribute(was, self, args, 1);
    });
    hook(v, "", "fetch", refuse);
    hook(v, "", "fetchLater", function (was, self, args) {
      if (leaves((args[0] && args[0].url) || args[0])) throw net.denied();
      return apply(was, self, args);
    });
    hook(v, "XMLHttpRequest", "open", function (was, self, args) {
      // As after a failed connection: the page hears of it when it sends.
      if (leaves(args[1])) args[1] = "about:blank";
      return apply(was, self, args);
    });
    hook(v, "Navigator", "sendBeacon", function (was, self, args) {
      return !leaves(args[0]) && apply(was, self, args);
    });
    hook(v, "", "WebSocket", never);
    hook(v, "", "EventSource", never);
  }

  // For the page's placeholders, and only while the visitor clicks.
  window.__avow.once = function (tag) {
    if (net.asked()) net.put(wanted, tag, 1);
  };

  // What the parser inserts: a script's type is taken before it runs.
  new MutationObserver(function (records) {
    for (var i = 0, j, nodes; i < records.length; i++)
      for (nodes = records[i].addedNodes, j = 0; j < nodes.length; j++) taken(nodes[j]);
  }).observe(d, { childList: true, subtree: true });

  function markup(was, self, args) {
    for (var i = 0; i < args.length; i++) args[i] = clean(args[i]);
    return net.sink(was, self, args);
  }

  function written(was, self, args) {
    // A tag may be spread over what is written at once.
    for (var i = 1; i < args.length; i++) args[0] += args[i];
    return net.sink(was, self, args.length ? [clean(args[0], true)] : args);
  }

  return {
    takeAll: takeAll,
    realm: realm,
    sink: function (name) {
      return exec(/HTML/, name) ? markup : exec(/write/, name) ? written : net.sink;
    },
  };
}
