//! `multipart/form-data`, as far as a form of texts needs it (RFC 7578).

/// Reads the pairs of a form. Parts without a name, and bodies without the boundary, have none.
pub(super) fn read(content_type: &str, text: &str) -> Vec<(String, String)> {
    let Some(boundary) = parameter(content_type, "boundary") else { return Vec::new() };
    let delimiter = format!("--{boundary}");
    let parts = text.split(delimiter.as_str()).skip(1).take_while(|part| !part.starts_with("--"));
    parts.filter_map(read_part).collect()
}

/// Reads one part: its headers, an empty line, its value, and the line end before the next boundary.
fn read_part(part: &str) -> Option<(String, String)> {
    let (headers, value) = part.split_once("\r\n\r\n")?;
    let disposition = headers.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    Some((parameter(disposition, "name")?, value.strip_suffix("\r\n").unwrap_or(value).to_owned()))
}

/// Gives a parameter of a header, with or without quotes.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        key.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use crate::sandbox::multipart::read;

    #[test]
    fn a_form_as_curl_sends_it_is_read() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"imp_key\"\r\n\r\nkey\r\n\
                    --x\r\ncontent-disposition: form-data; name=amount\r\nContent-Type: text/plain\r\n\r\n\
                    1\r\n2\r\n--x--\r\n";
        let pairs = read("multipart/form-data; boundary=x", body);
        assert_eq!(pairs, [("imp_key".into(), "key".into()), ("amount".into(), "1\r\n2".into())]);
        assert_eq!(read("multipart/form-data; boundary=\"x\"", body), pairs);
    }

    #[test]
    fn what_is_no_form_has_no_fields() {
        assert!(read("multipart/form-data", "--x\r\n").is_empty());
        assert!(read("multipart/form-data; boundary=x", "imp_key=key").is_empty());
        assert!(read("multipart/form-data; boundary=x", "--x\r\n\r\nvalue\r\n--x--").is_empty());
    }
}
