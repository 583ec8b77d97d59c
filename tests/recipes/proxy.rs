//! The web servers' lines that bring a customer's link to `customer listen`.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{is_here, readme};
use crate::registration::Listening;
use crate::support::world::{Gateway, World, client, eventually};

/// Ends with the test.
struct Nginx {
    child: Child,
    folder: TempDir,
}

impl Nginx {
    /// A server on this port with these lines in it.
    fn start(port: u16, lines: &str) -> Nginx {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {};\n", at(kind)))
            .collect();
        let text = format!(
            "daemon off;\nmaster_process off;\npid {};\nerror_log {};\nevents {{}}\nhttp {{\n{temporary}access_log \
             {};\nserver {{\nlisten 127.0.0.1:{port};\n{lines}}}\n}}\n",
            at("pid"),
            at("error.log"),
            at("access.log")
        );
        fs::write(at("nginx.conf"), text).unwrap();
        let mut command = Command::new("/usr/sbin/nginx");
        command.args(["-e", &at("error.log"), "-c", &at("nginx.conf"), "-p", &at("")]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Nginx { child, folder }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("access.log")).unwrap()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_link_comes_through_nginx_with_the_readmes_lines() {
    if !is_here("nginx") {
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let public_url = format!("http://127.0.0.1:{port}/billkey");
    let gateway = Gateway::start("");
    let lines = format!("mode = \"test\"\nimp_code = \"imp00000001\"\npublic_url = \"{public_url}\"\n");
    let world = World::with_profile(&gateway.url(), &lines);
    let listening = Listening::start(&world, &["--bind", "127.0.0.1:0"]);
    let own = listening.endpoint.trim_start_matches("http://").trim_end_matches("/billings");
    let block = readme::of("nginx").remove(0).text;
    assert!(block.contains("http://127.0.0.1:8700"), "{block}");
    let nginx = Nginx::start(port, &block.replace("127.0.0.1:8700", own));
    let ran = world.run(&["customer", "link", "gildong_0001_5678", "--json"]).exits(0);
    let (made, said) = (ran.json(), ran.stderr.to_string());
    assert!(said.contains("Its page is served by"), "{said}");
    let url = made["url"].as_str().unwrap();
    eventually("nginx listens", || client().get(url).send().is_ok());
    let page = client().get(url).send().unwrap();
    assert_eq!(page.status().as_u16(), 200);
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("nonce-"));
    let token = url.rsplit('/').next().unwrap();
    let post = |what: &str, origin: &str, body: &str| {
        let request = client().post(format!("{url}/{what}")).body(body.to_owned()).header("Origin", origin);
        let request = request.header("Content-Type", "application/json").header("X-Billkey-Token", token);
        let answer = request.send().unwrap();
        (answer.status().as_u16(), answer.text().unwrap())
    };
    let own_origin = format!("http://127.0.0.1:{port}");
    let opened = r#"{"kind":"opened","device":"d"}"#;
    let (status, answer) = post("news", &own_origin, opened);
    assert_eq!(
        (status, serde_json::from_str::<Value>(&answer).unwrap()["state"].clone()),
        (200, "waiting".into())
    );
    assert_eq!(post("news", "https://evil.example", opened).0, 403);
    assert_eq!(post("billings", &own_origin, r#"{"customer_uid":"gildong_0001_5678"}"#).0, 404);
    assert_eq!(client().get(format!("{public_url}/card/0123")).send().unwrap().status().as_u16(), 404);
    assert_eq!(
        client().get(format!("{own_origin}/billings")).send().unwrap().status().as_u16(),
        404,
        "nginx's own"
    );
    assert!(!nginx.log().contains(token), "{}", nginx.log());
    let ran = listening.end().exits(0);
    assert!(ran.stderr.contains(" 200 "), "{ran}");
}

#[test]
fn caddys_lines_lead_to_the_same_place() {
    let block = readme::of("caddy").remove(0).text;
    assert!(block.contains("/billkey/card/*") && block.contains("127.0.0.1:8700"), "{block}");
    assert_eq!(block.matches('{').count(), block.matches('}').count(), "{block}");
}
