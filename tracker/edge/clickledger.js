/*
 * clickledger.js: clicks, impressions and conversions from a page that does not redirect.
 *
 *   <script src="https://go.example.net/clickledger.js"></script>
 *   <script>
 *     clickledger.click({offer_id: 3, partner_id: 7}).then(function (click) { ... click.click_id ... });
 *     clickledger.conversion({offer_id: 3, txn_id: "order-7", amount: "49.90"});
 *   </script>
 *
 * It keeps the click id on this page's own site (a cookie and localStorage), so it needs no third-party cookies.
 * It loads nothing, reads nothing but what is listed in pageFacts() and sends it nowhere but to where it came from.
 */
(function (global) {
  "use strict";

  var KEPT_DAYS = 30;
  var script = document.currentScript;
  var home = script && script.src ? new URL(".", script.src).href.replace(/\/$/, "") : "";

  function endpoint(path) {
    return clickledger.url.replace(/\/$/, "") + path;
  }

  /* What only a page knows: the screen, the time zone, and what the browser says of itself. */
  function pageFacts() {
    var screen = global.screen || {};
    var navigator = global.navigator || {};
    var facts = {
      url: location.href.split("#")[0],
      title: document.title,
      screen: screen.width && screen.height ? screen.width + "x" + screen.height : "",
      viewport: global.innerWidth + "x" + global.innerHeight,
      pixel_ratio: global.devicePixelRatio || "",
      color_depth: screen.colorDepth || "",
      timezone: timezone(),
      timezone_offset: -new Date().getTimezoneOffset(),
      languages: (navigator.languages || []).join(","),
      platform: navigator.platform || "",
      touch_points: navigator.maxTouchPoints || 0,
      webdriver: Boolean(navigator.webdriver),
    };
    var hints = navigator.userAgentData;
    if (!hints) {
      return Promise.resolve(facts);
    }
    facts.platform = hints.platform || facts.platform;
    facts.mobile = Boolean(hints.mobile);
    facts.brands = brandList(hints.brands);
    if (!hints.getHighEntropyValues) {
      return Promise.resolve(facts);
    }
    return hints
      .getHighEntropyValues(["architecture", "bitness", "model", "platformVersion", "fullVersionList"])
      .then(function (more) {
        facts.architecture = more.architecture;
        facts.bitness = more.bitness;
        facts.model = more.model;
        facts.platform_version = more.platformVersion;
        facts.brands = brandList(more.fullVersionList) || facts.brands;
        return facts;
      })
      .catch(function () {
        return facts; // a browser may refuse; the click counts all the same
      });
  }

  function timezone() {
    try {
      return Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    } catch (_) {
      return "";
    }
  }

  function brandList(brands) {
    return (brands || [])
      .map(function (each) {
        return each.brand + " " + each.version;
      })
      .join(", ");
  }

  /* The page's own query parameters, below what the caller says. */
  function withPageParameters(given) {
    var all = {};
    new URLSearchParams(location.search).forEach(function (value, name) {
      if (!(name in all) && RESERVED.indexOf(name) < 0) {
        all[name] = value;
      }
    });
    Object.keys(given || {}).forEach(function (name) {
      if (given[name] !== undefined && given[name] !== null) {
        all[name] = String(given[name]);
      }
    });
    return all;
  }

  var RESERVED = ["ip", "user_agent", "referrer", "language", "page", "code"];

  /* text/plain is what a browser sends to another site without asking first. */
  function post(path, body) {
    return fetch(endpoint(path), {
      method: "POST",
      mode: "cors",
      credentials: "omit",
      keepalive: true,
      headers: { "Content-Type": "text/plain;charset=UTF-8" },
      body: JSON.stringify(body),
    }).then(function (response) {
      return response.json().then(function (answer) {
        if (!response.ok) {
          var why = answer.error || {};
          var error = new Error(why.message || "clickledger answered " + response.status);
          error.code = why.code || "";
          throw error;
        }
        return answer;
      });
    });
  }

  function remember(offerId, clickId) {
    var name = "cl" + (offerId || "");
    var secure = location.protocol === "https:" ? "; Secure" : "";
    try {
      document.cookie =
        name + "=" + clickId + "; Max-Age=" + KEPT_DAYS * 86400 + "; Path=/; SameSite=Lax" + secure;
    } catch (_) {
      // a sandboxed frame has no cookies
    }
    try {
      localStorage.setItem("clickledger." + name, JSON.stringify({ id: clickId, at: Date.now() }));
    } catch (_) {
      // storage may be switched off; the cookie is enough
    }
  }

  function remembered(offerId) {
    var name = "cl" + (offerId || "");
    try {
      var pairs = document.cookie.split("; ");
      for (var i = 0; i < pairs.length; i++) {
        if (pairs[i].indexOf(name + "=") === 0) {
          return pairs[i].slice(name.length + 1);
        }
      }
    } catch (_) {
      // as above
    }
    try {
      var kept = JSON.parse(localStorage.getItem("clickledger." + name) || "null");
      if (kept && Date.now() - kept.at < KEPT_DAYS * 86400000) {
        return kept.id;
      }
    } catch (_) {
      // as above
    }
    return "";
  }

  var clickledger = {
    /* Where everything is sent; where this script came from, unless you say otherwise. */
    url: home,

    /* Record a click: offer_id and partner_id (or the code of a saved link), and any other link parameter.
       Resolves to {status, click_id, destination, reason?}; status is accepted when an offer took it. */
    click: function (parameters) {
      var body = withPageParameters(parameters);
      return pageFacts()
        .then(function (facts) {
          body.page = facts;
          body.referrer = document.referrer;
          return post("/click.json", body);
        })
        .then(function (answer) {
          if (answer.status === "accepted") {
            remember(body.offer_id || body.oid || body.o, answer.click_id);
            remember("", answer.click_id);
          }
          return answer;
        });
    },

    /* Report a conversion: any postback parameter but token, payout and revenue. Without click_id, the click
       that was remembered on this site for offer_id is sent. Resolves to {status, conversion_id, …}. */
    conversion: function (parameters) {
      var body = {};
      Object.keys(parameters || {}).forEach(function (name) {
        if (parameters[name] !== undefined && parameters[name] !== null) {
          body[name] = String(parameters[name]);
        }
      });
      // What is signed must arrive as it was signed.
      if (!body.click_id && !body.signature) {
        var clickId = remembered(body.offer_id);
        if (clickId) {
          body.click_id = clickId;
        }
      }
      return post("/pixel", body);
    },

    /* Record that a banner was seen. Resolves when it is recorded. */
    impression: function (parameters) {
      var query = new URLSearchParams(withPageParameters(parameters)).toString();
      return fetch(endpoint("/i?" + query), { mode: "cors", credentials: "omit", keepalive: true }).then(
        function (response) {
          if (!response.ok) {
            throw new Error("clickledger answered " + response.status);
          }
        }
      );
    },

    /* The click id remembered on this site for an offer, or of the last click at all; "" for none. */
    clickId: function (offerId) {
      return remembered(offerId);
    },

    /* Add the click id to links: decorate("a.shop", "cid", 3) makes every such link carry cid=<click id>. */
    decorate: function (selector, parameter, offerId) {
      var clickId = remembered(offerId);
      var links = clickId ? document.querySelectorAll(selector || "a[href]") : [];
      Array.prototype.forEach.call(links, function (link) {
        var target = new URL(link.href, location.href);
        if (/^https?:$/.test(target.protocol)) {
          target.searchParams.set(parameter || "click_id", clickId);
          link.href = target.href;
        }
      });
      return links.length;
    },
  };

  global.clickledger = clickledger;
})(window);
