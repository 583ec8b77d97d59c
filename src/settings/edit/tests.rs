use std::path::Path;

use super::{Given, Key, set, unset};
use crate::settings::file::ConfigFile;

const SAMPLE: &str = include_str!("../../../sample-config.toml");

fn text(value: &str) -> Given {
    Given::Text(value.to_owned())
}

fn key(name: &str) -> Key {
    Key::parse(name).unwrap()
}

/// The lines that only one of the two has, with a sign before them.
fn difference(before: &str, after: &str) -> Vec<String> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let gone = before.iter().filter(|line| !after.contains(line)).map(|line| format!("-{line}"));
    let new = after.iter().filter(|line| !before.contains(line)).map(|line| format!("+{line}"));
    gone.chain(new).collect()
}

#[test]
fn a_key_is_known_by_its_name_and_another_one_is_told_the_nearest() {
    for name in Key::all() {
        assert_eq!(key(&name).name(), name);
    }
    assert_eq!(key("profile.main.limits.max_amount").profile.as_deref(), Some("main"));
    for (wrong, hint) in [
        ("imp_cod", "did you mean `imp_code`"),
        ("max_amount", "did you mean `limits.max_amount`"),
        ("profile.main.imp_kye", "did you mean `imp_key`"),
        ("limits.max_amuont", "did you mean `limits.max_amount`"),
    ] {
        assert_eq!(Key::parse(wrong).unwrap_err().hint.as_deref(), Some(hint), "{wrong}");
    }
    for in_table in ["retry", "retry.tries", "profile.main.export.accountant.times", "against.x"] {
        let error = Key::parse(in_table).unwrap_err();
        assert!(error.to_string().contains("is written in the config file itself"), "{error}");
    }
    for wrong in ["profile", "profile.main", "profile.main.timezone", "profile.a b.mode", "limits", ""] {
        assert!(Key::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_key_can_be_set_in_the_sample_beneath_its_own_comment() {
    for name in Key::all() {
        let key = key(&name);
        let given = match key.is_program() {
            true => Given::Words(vec!["pass".into(), "show".into()]),
            false => text("x"),
        };
        let after = set(SAMPLE, "default", &key, &given).unwrap();
        let short = name.rsplit('.').next().unwrap();
        let line = if key.is_program() {
            format!("{short} = [\"pass\", \"show\"]")
        } else {
            format!("{short} = \"x\"")
        };
        assert_eq!(difference(SAMPLE, &after), [format!("+{line}")], "{name}");
        let (above, _) = after.split_once(&format!("\n{line}\n")).unwrap();
        assert!(above.lines().last().unwrap().starts_with(&format!("#{short} = ")), "{name}");
        assert_eq!(unset(&after, "default", &key).as_deref(), Some(SAMPLE), "{name}");
    }
}

#[test]
fn comments_order_and_line_ends_are_kept_however_a_table_is_written() {
    for (before, name, value, after) in [
        (
            "# a\n[profile.main] # b\nmode = \"live\"   # c\nimp_code = \"i\"\n",
            "mode",
            "test",
            "# a\n[profile.main] # b\nmode = \"test\"   # c\nimp_code = \"i\"\n",
        ),
        (
            "[profile.main]\nmode = \"live\"\n# end\n[profile.b]\n",
            "pg",
            "nice",
            "[profile.main]\nmode = \"live\"\npg = \"nice\"\n# end\n[profile.b]\n",
        ),
        ("profile.main.mode = \"live\"\n", "mode", "test", "profile.main.mode = \"test\"\n"),
        (
            "profile.main = { mode = \"live\" }\n",
            "limits.max_amount",
            "5",
            "profile.main = { mode = \"live\" , limits = { max_amount = \"5\" } }\n",
        ),
        ("", "mode", "live", "[profile.main]\nmode = \"live\"\n"),
        ("[profile.main]\r\n#pg = \"x\"\r\n", "pg", "y", "[profile.main]\r\n#pg = \"x\"\r\npg = \"y\"\r\n"),
        (
            "[profile.main]\nscope = '''\n#pg = 1\n'''\n",
            "pg",
            "y",
            "[profile.main]\nscope = '''\n#pg = 1\n'''\npg = \"y\"\n",
        ),
        ("[profile.main]\n#pg = 1", "pg", "y", "[profile.main]\n#pg = 1\npg = \"y\"\n"),
    ] {
        assert_eq!(set(before, "main", &key(name), &text(value)).as_deref(), Some(after), "{before}");
    }
    for (before, name, after) in [
        (
            "# a\n\n# of mode\nmode_ = 1\n[profile.main]\n# of pg\npg = \"x\" # d\n# z\n",
            "pg",
            "# a\n\n# of mode\nmode_ = 1\n[profile.main]\n# of pg\n# z\n",
        ),
        (
            "[profile.main]\nimp_secret_command = [\n  \"a\", # b\n]\nmode = \"test\"\n",
            "imp_secret_command",
            "[profile.main]\nmode = \"test\"\n",
        ),
        ("profile.main = { mode = \"live\", pg = \"x\" }\n", "pg", "profile.main = { mode = \"live\"}\n"),
    ] {
        assert_eq!(unset(before, "main", &key(name)).as_deref(), Some(after), "{before}");
    }
    assert_eq!(unset("[profile.main]\n", "main", &key("pg")), None);
}

#[test]
fn whatever_is_set_is_read_as_it_was_given() {
    for value in ["plain", "with \"quotes\" and \\", "홍길동", "a'b", "#no comment", "two\nlines", " "] {
        let after = set(SAMPLE, "default", &key("imp_code"), &text(value)).unwrap();
        let read = ConfigFile::parse(&after, Path::new("config.toml"), None);
        match value.trim().is_empty() {
            true => assert!(read.is_err()),
            false => {
                let code = read.unwrap().profile("default").unwrap().imp_code.clone();
                assert_eq!(code.unwrap().value, value);
            }
        }
    }
}
