// The sandbox's stand-in for https://cdn.iamport.kr/v1/iamport.js (facts 6): IMP.init and
// IMP.request_pay, with a PG window that asks for a made-up card.
(function () {
  "use strict";
  const origin = new URL(document.currentScript.src).origin;
  // These answer without `success` (facts 6.3).
  const NEW = ["tosspayments", "smartro_v2", "nice_v2", "paypal_v2", "ksnet", "welcome"];
  const DEFAULT_PG = "nice_v2";
  let code = null;

  function providerOf(param) {
    const key = /^channel-key-sandbox-(.+)$/.exec(param.channelKey || "");
    if (key) return key[1];
    return (param.pg || DEFAULT_PG).split(".")[0];
  }

  function lay(parent, tag, style) {
    const element = document.createElement(tag);
    Object.assign(element.style, style);
    parent.append(element);
    return element;
  }

  function oldAnswer(param, result) {
    const answer = {
      success: result.approved, imp_uid: result.imp_uid, merchant_uid: param.merchant_uid,
      pay_method: param.pay_method, paid_amount: param.amount, status: result.approved ? "paid" : "failed",
      name: param.name, pg_provider: providerOf(param), pg_type: "payment", customer_uid: param.customer_uid,
      buyer_name: param.buyer_name || "", buyer_email: param.buyer_email || "", buyer_tel: param.buyer_tel || "",
      currency: "KRW", custom_data: null, apply_num: "",
    };
    if (result.approved) {
      return Object.assign(answer, { card_name: result.card_name, card_number: result.card_number, paid_at: Math.floor(Date.now() / 1000) });
    }
    return Object.assign(answer, { error_code: result.error_code, error_msg: result.error_msg });
  }

  function newAnswer(param, result) {
    const answer = { imp_uid: result.imp_uid, merchant_uid: param.merchant_uid };
    if (result.approved) return answer;
    return Object.assign(answer, { error_code: result.error_code, error_msg: result.error_msg });
  }

  function redirect(param, result) {
    const address = new URL(param.m_redirect_url);
    const put = (name, value) => value && address.searchParams.set(name, value);
    put("imp_uid", result.imp_uid);
    put("merchant_uid", param.merchant_uid);
    put("imp_success", String(result.approved));
    put("error_code", result.error_code);
    put("error_msg", result.error_msg);
    location.assign(address);
  }

  function deliver(param, callback, result) {
    const isPhone = /Android|iPhone|iPad|Mobile/.test(navigator.userAgent);
    let way = result.answer;
    if (way === "auto") way = isPhone && param.m_redirect_url ? "redirect" : NEW.includes(providerOf(param)) ? "new" : "old";
    if (way === "redirect" && param.m_redirect_url) redirect(param, result);
    else if (callback) callback(way === "old" ? oldAnswer(param, result) : newAnswer(param, result));
  }

  // What the gateway refuses before any window opens (facts 6.2).
  function refusal(param) {
    if (!code) return "IMP.init을 먼저 호출해야 합니다.";
    if (typeof param.merchant_uid !== "string" || !param.merchant_uid) return "merchant_uid는 문자열이어야 합니다.";
    if (param.merchant_uid.length > 40) return "merchant_uid는 40자를 넘을 수 없습니다.";
    if (typeof param.amount !== "number") return "amount는 숫자여야 합니다.";
    if (!param.name) return "name이 없습니다.";
    if (!param.customer_uid) return "customer_uid가 없습니다.";
    return null;
  }

  function open(param, callback) {
    const shade = lay(document.body, "div", {
      position: "fixed", inset: "0", zIndex: "2147483647", display: "grid", placeItems: "center",
      background: "rgb(10 14 20 / 55%)",
    });
    const frame = lay(shade, "iframe", {
      width: "min(420px, 100vw)", height: "min(540px, 100vh)", border: "0", borderRadius: "14px", background: "#fff",
      colorScheme: "normal",
    });
    frame.title = "SANDBOX";
    frame.id = "sandbox-window";
    function hear(event) {
      if (event.source !== frame.contentWindow || event.origin !== origin) return;
      if (event.data.kind === "ready") {
        frame.contentWindow.postMessage({ kind: "open", param, provider: providerOf(param) }, origin);
        frame.focus();
      } else if (event.data.kind === "done") {
        window.removeEventListener("message", hear);
        shade.remove();
        deliver(param, callback, event.data.result);
      }
    }
    window.addEventListener("message", hear);
    frame.src = origin + "/_sandbox/window";
  }

  window.IMP = {
    init(given) {
      if (code) throw new Error("IMP.init was called twice.");
      if (typeof given !== "string" || !given) throw new Error("IMP.init wants the merchant identification code.");
      code = given;
    },
    request_pay(param, callback) {
      const why = refusal(param);
      if (why) deliver(param, callback, { approved: false, imp_uid: null, error_code: "INVALID_PARAM", error_msg: why, answer: "old" });
      else open(param, callback);
    },
  };
})();
