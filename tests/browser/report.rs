//! The page of a report: in the light and in the dark, on a desk, on a phone and on paper.

use std::path::Path;

use serde_json::{Value, json};

use crate::browser::driver::{Browser, DESKTOP, Look, PHONE};
use crate::report_page::{last_month, shop, written};

/// Nothing was asked of anybody, nothing complained about, and no text became markup.
fn is_alone(browser: &Browser) {
    assert_eq!(
        browser.run("return performance.getEntriesByType('resource').map((it) => it.name)"),
        json!([])
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert_eq!(browser.run("return document.scripts.length"), json!(0));
    let title = browser.run("return document.title");
    assert!(title.as_str().unwrap().contains(&last_month()), "{title}");
}

/// Each text that is shown, by the contrast of its colour with what is behind it.
const LEAST_CONTRAST: &str = r"
    const light = (colour) => {
      const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let it = element; it; it = it.parentElement) {
        const colour = getComputedStyle(it).backgroundColor;
        if (colour !== 'rgba(0, 0, 0, 0)') return colour;
      }
      return 'rgb(255, 255, 255)';
    };
    let least = [99, ''];
    for (const element of document.querySelectorAll('body *')) {
      const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!text || ['TITLE', 'DESC'].includes(element.tagName.toUpperCase())) continue;
      const style = getComputedStyle(element);
      const ink = element.namespaceURI.endsWith('svg') ? style.fill : style.color;
      const [a, b] = [light(ink), light(behind(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < least[0]) least = [contrast, element.outerHTML.slice(0, 120)];
    }
    return least;";

fn reads_well(browser: &Browser) {
    let least = browser.run(LEAST_CONTRAST);
    assert!(least[0].as_f64().unwrap() >= 4.5, "{least}");
}

fn address(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[test]
fn the_page_of_a_report_stands_alone_and_reads_in_the_light_the_dark_and_on_paper() {
    let dark = Look { dark: true, language: "ko-KR", ..DESKTOP };
    let (Some(light), Some(dark)) = (Browser::start(DESKTOP), Browser::start(dark)) else { return };
    let (_gateway, world) = shop();
    let path = written(&world, &[&last_month(), "--lang", "en"]);
    light.open(&address(&path));
    is_alone(&light);
    reads_well(&light);
    light.whole_picture("report-en-light");
    assert_eq!(light.run("return getComputedStyle(document.querySelector('.chart.narrow')).display"), "none");
    let path = written(&world, &[&last_month(), "--lang", "ko"]);
    dark.open(&address(&path));
    is_alone(&dark);
    reads_well(&dark);
    assert_eq!(dark.run("return matchMedia('(prefers-color-scheme: dark)').matches"), json!(true));
    dark.whole_picture("report-ko-dark");
    let pages = dark.print("report-ko");
    // Live won, dollars and test money begin pages of their own, and so does what waits for a person.
    assert!((4..=9).contains(&pages), "{pages} pages");
    light.open(&address(&path));
    light.whole_picture("report-ko-light");
}

#[test]
fn the_page_of_a_report_fits_a_phone() {
    let Some(phone) = Browser::start(Look { width: 375, ..PHONE }) else { return };
    let (_gateway, world) = shop();
    for lang in ["ko", "en"] {
        let path = written(&world, &[&last_month(), "--lang", lang]);
        phone.open(&address(&path));
        let out = phone.run(
            "return [...document.querySelectorAll('body *')].filter((it) => it.getBoundingClientRect().right > 375.5)\
             .map((it) => it.outerHTML.slice(0, 80))",
        );
        assert_eq!(out, Value::Array(vec![]), "{lang}");
        let widths = phone.run("return [document.documentElement.scrollWidth, innerWidth]");
        assert_eq!(widths, json!([375, 375]), "{lang}");
        is_alone(&phone);
        phone.whole_picture(&format!("report-{lang}-phone"));
    }
}
