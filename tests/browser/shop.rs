//! A merchant's page of the kind that the gateway's guide describes: the SDK's window registers a card, and then
//! jQuery posts the customer_uid to the merchant's server, which here is `customer listen`.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::browser::driver::{Browser, DESKTOP};
use crate::registration::Listening;
use crate::support::world::{Gateway, World};

/// What `jQuery.ajax` does with a request, as far as a server can tell: an object becomes a form, a text is sent as
/// it is, and a Content-Type among the headers beats the one of the options, which beats that of a form.
const JQUERY: &str = "window.jQuery = { ajax(options) {
  const request = new XMLHttpRequest();
  request.open(options.method || options.type || 'GET', options.url);
  let data = options.data;
  if (typeof data !== 'string' && options.processData !== false) {
    const word = (text) => encodeURIComponent(text === null || text === undefined ? '' : text).replace(/%20/g, '+');
    data = Object.keys(data).map((name) => word(name) + '=' + word(data[name])).join('&');
  }
  const headers = { 'Content-Type': options.contentType || 'application/x-www-form-urlencoded; charset=UTF-8' };
  Object.assign(headers, { Accept: '*/*' }, options.headers);
  for (const name of Object.keys(headers)) request.setRequestHeader(name, headers[name]);
  request.onloadend = () => options.complete(request);
  request.send(data);
} };";

/// The page, with the ways in which shops send what the guide says.
fn page(sdk: &str, endpoint: &str) -> String {
    format!(
        "<!doctype html><meta charset=utf-8><title>A shop</title>
<script src=\"{sdk}\"></script><script>{JQUERY}</script>
<button id=register>Register a card</button><pre id=answer></pre>
<script>
IMP.init('imp00000001');
const uid = () => 'shop_0001_' + window.way;
const ways = {{
  guide: () => ({{ headers: {{ 'Content-Type': 'application/json' }}, data: {{ customer_uid: uid() }} }}),
  form: () => ({{ data: {{ customer_uid: uid(), imp_uid: null, merchant_uid: 'card registration' }} }}),
  json: () => ({{ contentType: 'application/json', data: JSON.stringify({{ customer_uid: uid() }}) }}),
}};
document.getElementById('register').onclick = () => IMP.request_pay({{
  pg: 'html5_inicis.INIBillTst', pay_method: 'card', merchant_uid: 'issue_' + window.way, name: 'Card', amount: 0,
  customer_uid: uid(), buyer_name: '홍길동', buyer_tel: '010-0000-5678', buyer_email: 'a@example.com',
}}, (answer) => {{
  if (!answer.success) return;
  jQuery.ajax(Object.assign({{ url: '{endpoint}', method: 'POST', complete: (request) => {{
    document.getElementById('answer').textContent = window.way + ' ' + request.status + ' ' + request.responseText;
  }} }}, ways[window.way]()));
}});
</script>"
    )
}

/// Serves the page for the rest of the test's life.
fn serve(listener: TcpListener, page: String) {
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{page}",
                page.len()
            );
        }
    });
}

#[test]
fn a_page_as_the_guide_has_it_registers_a_card_and_posts_it_to_the_listener() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Another origin than the endpoint's: the browser asks for leave before it posts.
    let shop = format!("http://{}", listener.local_addr().unwrap());
    let listening = Listening::start(&world, &["--bind", "127.0.0.1:0", "--allow-origin", &shop]);
    let sdk = format!("{}/v1/iamport.js", gateway.url());
    serve(listener, page(&sdk, &format!("{}/", listening.endpoint)));
    browser.open(&shop);
    for way in ["guide", "form", "json"] {
        browser.run(&format!("window.way = '{way}'; return 0"));
        browser.click("#register");
        browser.in_window(|window| window.click("#approve"));
        browser.says("#answer", &format!("{way} 200 {{\"customer_uid\":\"shop_0001_{way}\""));
        let saved = world.run(&["customer", "show", &format!("shop_0001_{way}"), "--json"]).exits(0).json();
        assert_eq!(saved["card_number"], "5409-26**-****-1234", "{way}");
    }
    let ran = listening.end().exits(0);
    assert_eq!(ran.stderr.lines().filter(|line| line.contains(" POST /billings/ 200 ")).count(), 3, "{ran}");
}
