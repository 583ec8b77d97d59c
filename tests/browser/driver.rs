//! A real browser through WebDriver: the few calls these tests need, as JSON over HTTP.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::world::client;

/// What a found element is called in WebDriver's JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long anything on a page may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the browser is to look.
#[derive(Clone, Copy)]
pub struct Look {
    pub language: &'static str,
    pub width: u32,
    pub height: u32,
    pub dark: bool,
}

pub const DESKTOP: Look = Look { language: "en-US", width: 1100, height: 900, dark: false };
pub const PHONE: Look = Look { language: "ko-KR", width: 375, height: 740, dark: false };

/// One headless Chromium, with a profile of its own. It ends when this is dropped.
pub struct Browser {
    http: reqwest::blocking::Client,
    driver: Child,
    session: String,
    _profile: TempDir,
}

/// How often chromedriver may fail to start.
const STARTS_MAX: u32 = 5;

impl Browser {
    /// Starts a browser; `None`, loudly, where there is none. In CI there has to be one.
    pub fn start(look: Look) -> Option<Browser> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // It looks for a port that is free on both loopback addresses, and ends when another program
        // takes one of the two at that moment.
        let started = (0..STARTS_MAX).find_map(|_| {
            let mut driver = command.spawn().ok()?;
            let port = port_of(&mut driver);
            if port.is_none() {
                let _ = driver.wait();
            }
            Some((driver, port?))
        });
        let Some((driver, port)) = started else { return skip("no chromedriver that starts") };
        let url = format!("http://127.0.0.1:{port}");
        let profile = TempDir::new().unwrap();
        let mut arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        arguments.push(format!("--window-size={},{}", look.width, look.height));
        arguments.push(format!("--lang={}", look.language));
        if look.dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut options = json!({"args": arguments, "prefs": {"intl.accept_languages": look.language}});
        if look.width < 500 {
            // A headless window is never narrower than 500 pixels; an emulated phone is.
            options["mobileEmulation"] = json!({"deviceMetrics": {
                "width": look.width, "height": look.height, "pixelRatio": 2.0, "touch": true, "mobile": true}});
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}});
        let http = client();
        let mut browser = Browser { http, driver, session: format!("{url}/session"), _profile: profile };
        match call(&browser.http, "POST", &browser.session, &wanted) {
            Ok(answer) => {
                browser.session = format!("{url}/session/{}", answer["sessionId"].as_str().unwrap());
            }
            Err(error) if error.contains("cannot find Chrome binary") => return skip("no chromium"),
            Err(error) => panic!("no session: {error}"),
        }
        Some(browser)
    }

    fn try_call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        call(&self.http, method, &format!("{}{path}", self.session), body)
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_call(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub fn open(&self, address: &str) {
        self.call("POST", "/url", &json!({"url": address}));
    }

    /// The browser's own way back.
    pub fn back(&self) {
        self.call("POST", "/back", &json!({}));
    }

    /// The tab that is being looked at.
    pub fn tab(&self) -> String {
        self.call("GET", "/window", &Value::Null).as_str().unwrap().to_owned()
    }

    pub fn to_tab(&self, tab: &str) {
        self.call("POST", "/window", &json!({"handle": tab}));
    }

    /// Opens another tab and goes there.
    pub fn new_tab(&self) -> String {
        let tab = self.call("POST", "/window/new", &json!({"type": "tab"}));
        let tab = tab["handle"].as_str().unwrap().to_owned();
        self.to_tab(&tab);
        tab
    }

    pub fn address(&self) -> String {
        self.call("GET", "/url", &Value::Null).as_str().unwrap().to_owned()
    }

    /// Runs a script's body, and gives what it returns.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.call("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    fn find(&self, css: &str) -> Option<String> {
        let found =
            self.try_call("POST", "/element", &json!({"using": "css selector", "value": css})).ok()?;
        found[ELEMENT].as_str().map(str::to_owned)
    }

    fn ask(&self, css: &str, what: &str) -> Option<Value> {
        self.try_call("GET", &format!("/element/{}/{what}", self.find(css)?), &Value::Null).ok()
    }

    /// Waits until something is so.
    #[track_caller]
    pub fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            if begun.elapsed() > PATIENCE {
                let page = self.run("return document.body.innerText");
                panic!("never came to be: {what}\n{page}\n{:?}", self.complaints());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until an element is there to be seen and used, and clicks it.
    #[track_caller]
    pub fn click(&self, css: &str) {
        self.until(&format!("{css} can be clicked"), || {
            let yes = |what| self.ask(css, what) == Some(Value::Bool(true));
            yes("displayed") && yes("enabled") && {
                let Some(element) = self.find(css) else { return false };
                self.try_call("POST", &format!("/element/{element}/click"), &json!({})).is_ok()
            }
        });
    }

    /// Types into whatever has the focus; `\u{e004}` is Tab, `\u{e007}` is Enter.
    #[track_caller]
    pub fn press(&self, keys: &str) {
        let keys: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
            })
            .collect();
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": keys});
        self.call("POST", "/actions", &json!({"actions": [keyboard]}));
    }

    /// Replaces what a field holds.
    #[track_caller]
    pub fn fill(&self, css: &str, text: &str) {
        self.until(&format!("{css} can be filled"), || {
            let Some(element) = self.find(css) else { return false };
            self.try_call("POST", &format!("/element/{element}/clear"), &json!({})).is_ok()
                && self.try_call("POST", &format!("/element/{element}/value"), &json!({"text": text})).is_ok()
        });
    }

    /// What can be read of an element now; nothing if it is hidden or not there.
    pub fn text(&self, css: &str) -> String {
        self.ask(css, "text").and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Waits until an element says this.
    #[track_caller]
    pub fn says(&self, css: &str, text: &str) {
        self.until(&format!("{css} says `{text}`"), || self.text(css).contains(text));
    }

    /// Goes into the PG's window, and does something there.
    #[track_caller]
    pub fn in_window(&self, act: impl FnOnce(&Browser)) {
        self.until("the window is there", || {
            let Some(frame) = self.find("#sandbox-window") else { return false };
            self.try_call("POST", "/frame", &json!({"id": {ELEMENT: frame}})).is_ok()
        });
        self.until("the window knows what it is for", || !self.text("#name").is_empty());
        act(self);
        self.call("POST", "/frame", &json!({"id": null}));
    }

    /// What the browser had to complain of: errors of scripts, and what the policy blocked.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.try_call("POST", "/se/log", &json!({"type": "browser"})).unwrap_or_default();
        let lines = log.as_array().cloned().unwrap_or_default();
        lines.iter().filter_map(|line| line["message"].as_str().map(str::to_owned)).collect()
    }

    /// A picture of the page as PNG, in base64, where `BILLKEY_PICTURES` names a folder for it.
    pub fn picture(&self, name: &str) {
        let Ok(folder) = std::env::var("BILLKEY_PICTURES") else { return };
        let picture = self.call("GET", "/screenshot", &Value::Null);
        std::fs::write(format!("{folder}/{name}.png.base64"), picture.as_str().unwrap()).unwrap();
    }

    /// A picture of all of the page, and not of the window alone, in the same way.
    pub fn whole_picture(&self, name: &str) {
        let Ok(folder) = std::env::var("BILLKEY_PICTURES") else { return };
        let size = self.run("return [innerWidth, document.documentElement.scrollHeight]");
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let picture =
            self.devtools("Page.captureScreenshot", &json!({"captureBeyondViewport": true, "clip": clip}));
        std::fs::write(format!("{folder}/{name}.png.base64"), picture["data"].as_str().unwrap()).unwrap();
    }

    /// Prints the page by its own rules for paper, and counts the sheets; the print is kept as pictures are.
    pub fn print(&self, name: &str) -> usize {
        let how = json!({"preferCSSPageSize": true, "printBackground": true, "generateTaggedPDF": false});
        let print = self.devtools("Page.printToPDF", &how);
        let print = print["data"].as_str().unwrap();
        if let Ok(folder) = std::env::var("BILLKEY_PICTURES") {
            std::fs::write(format!("{folder}/{name}.pdf.base64"), print).unwrap();
        }
        let bytes = unpacked(print);
        let text = String::from_utf8_lossy(&bytes);
        text.match_indices("/Type /Page").filter(|(at, _)| !text[at + 11..].starts_with('s')).count()
    }

    /// One command of the browser's own protocol.
    fn devtools(&self, command: &str, how: &Value) -> Value {
        self.call("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": how}))
    }
}

/// Base64, as the driver wraps what is no text.
fn unpacked(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let values = text.bytes().filter_map(|byte| LETTERS.iter().position(|letter| *letter == byte));
    let bits: Vec<u32> = values.map(|value| u32::try_from(value).unwrap()).collect();
    let whole = |four: &[u32]| four.iter().fold(0, |all, six| all << 6 | six) << (6 * (4 - four.len()));
    bits.chunks(4).flat_map(|four| whole(four).to_be_bytes()[1..four.len()].to_vec()).collect()
}

/// Tells past the test's own captured output that nothing was tested. CI must not come here.
fn skip(why: &str) -> Option<Browser> {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has {why}");
    let line =
        format!("SKIPPED: {why}; install chromium and chromium-driver to test what is shown in a browser\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.try_call("DELETE", "", &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// `ChromeDriver was started successfully on port 41235.` Nothing, when it ended instead.
fn port_of(driver: &mut Child) -> Option<u16> {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.find_map(|line| line.split("successfully on port ").nth(1).map(str::to_owned));
    let port = port?;
    // What else it says is read, so that it never waits for a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Some(port.trim_end_matches('.').parse().unwrap())
}

fn call(http: &reqwest::blocking::Client, method: &str, url: &str, body: &Value) -> Result<Value, String> {
    let request = match method {
        "GET" => http.get(url),
        "DELETE" => http.delete(url),
        _ => http.post(url).json(body),
    };
    let answer = request.timeout(Duration::from_secs(30)).send().map_err(|error| error.to_string())?;
    let mut answer: Value = answer.json().map_err(|error| error.to_string())?;
    match answer["value"].get("error") {
        Some(_) => Err(answer["value"]["message"].as_str().unwrap_or_default().to_owned()),
        None => Ok(answer["value"].take()),
    }
}
