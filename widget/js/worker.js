// The start of a worker that the guard wraps: addresses in it are meant from the file's own, not from the `blob:`
// around it.
//
// It goes into the worker as text, so it uses nothing from outside itself.

/** Prepares the worker `S` of that file, and runs it if it is no module. */
export function within(S, file, run) {
  var policy;
  function meant(type, key, at) {
    var was = type && type[key];
    if (!was) return;
    function act(was, self, args, make) {
      for (var i = at; i < args.length && (i === at || key === "importScripts"); i++)
        if (typeof args[i] === "string") args[i] = new URL(args[i], file).href;
      return make ? Reflect.construct(was, args, make) : Reflect.apply(was, self, args);
    }
    type[key] = new Proxy(was, {
      apply: act,
      construct: function (was, args, make) {
        return act(was, 0, args, make);
      },
    });
  }
  try {
    Object.defineProperty(S, "location", { value: new URL(file) });
  } catch (e) {}
  try {
    policy = S.trustedTypes.createPolicy("avow", { createScriptURL: String });
  } catch (e) {}
  meant(S, "fetch", 0);
  meant(S, "Request", 0);
  meant(S, "EventSource", 0);
  meant(S, "Worker", 0);
  meant(S, "importScripts", 0);
  meant(S.XMLHttpRequest && S.XMLHttpRequest.prototype, "open", 1);
  if (run) S.importScripts(policy ? policy.createScriptURL(file) : file);
}
