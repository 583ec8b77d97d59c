//! The fields of a request's body, from JSON or from a form.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::sandbox::decimal::Decimal;

/// The fields of a request's body by name.
#[derive(Default)]
pub(super) struct Fields(BTreeMap<String, Value>);

impl Fields {
    /// Reads a JSON object; anything else has no fields.
    pub(super) fn from_json(text: &str) -> Fields {
        Fields(serde_json::from_str(text).unwrap_or_default())
    }

    /// Reads a JSON array of objects; `None` if it is none.
    pub(super) fn many_from_json(text: &str) -> Option<Vec<Fields>> {
        let many: Vec<BTreeMap<String, Value>> = serde_json::from_str(text).ok()?;
        Some(many.into_iter().map(Fields).collect())
    }

    /// Reads `name=value&…`.
    pub(super) fn from_form(text: &str) -> Fields {
        Fields::from_pairs(decode_pairs(text))
    }

    /// Takes the pairs of a form. A blank before a name is not part of it: the official Go client
    /// sends ` imp_secret`.
    pub(super) fn from_pairs(pairs: Vec<(String, String)>) -> Fields {
        let mut fields = BTreeMap::new();
        let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (name, value) in pairs {
            let (name, value) = (name.trim_start(), Value::String(value));
            match name.strip_suffix("[]") {
                Some(list) => lists.entry(list.to_owned()).or_default().push(value),
                None => {
                    fields.insert(name.to_owned(), value);
                }
            }
        }
        fields.extend(lists.into_iter().map(|(name, items)| (name, Value::Array(items))));
        Fields(fields)
    }

    /// Gives a field as text; `None` if it is absent, null, empty, or no text.
    ///
    /// A number is accepted and goes through a binary fraction, as it does at the gateway: a numeric
    /// `merchant_uid` of many digits comes back as another one (facts 2.1).
    pub(super) fn text(&self, name: &str) -> Option<String> {
        text_of(self.0.get(name)?)
    }

    /// Gives a field as an amount; an error if it is there and is none.
    pub(super) fn amount(&self, name: &str) -> Result<Option<Decimal>, ()> {
        let text = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => return Err(()),
        };
        Decimal::parse(&text).map(Some).ok_or(())
    }

    /// Gives the texts of a list: a JSON array or a single value, or `name[]` and `name[0]` of a form.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(text_of).collect(),
            Some(value) => text_of(value).into_iter().collect(),
            None => {
                let is_item = |key: &str| {
                    key.strip_prefix(name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'))
                };
                self.0
                    .iter()
                    .filter(|(key, _)| is_item(key))
                    .filter_map(|(_, value)| text_of(value))
                    .collect()
            }
        }
    }

    /// Gives the objects of a list: a JSON array of them, or `name[0][field]` of a form.
    pub(super) fn objects(&self, name: &str) -> Vec<Fields> {
        if let Some(value) = self.0.get(name) {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let fields = |item: &Value| Some(Fields(item.as_object()?.clone().into_iter().collect()));
            return items.iter().filter_map(fields).collect();
        }
        let mut objects: BTreeMap<usize, BTreeMap<String, Value>> = BTreeMap::new();
        for (key, value) in &self.0 {
            let Some(rest) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('[')) else { continue };
            let Some((index, field)) = rest.split_once("][") else { continue };
            let (Ok(index), Some(field)) = (index.parse(), field.strip_suffix(']')) else { continue };
            objects.entry(index).or_default().insert(field.to_owned(), value.clone());
        }
        objects.into_values().map(Fields).collect()
    }

    /// Gives a field as it was sent.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Gives a field a text, if it has none and there is one.
    pub(super) fn set_if_absent(&mut self, name: &str, text: Option<String>) {
        if let (None, Some(text)) = (self.text(name), text) {
            self.0.insert(name.to_owned(), Value::String(text));
        }
    }

    /// Gives the fields as a JSON object.
    pub(super) fn to_json(&self) -> Value {
        Value::Object(self.0.clone().into_iter().collect())
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => number.as_f64().map(|rounded| rounded.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|text| !text.is_empty())
}

/// Reads `name=value&…`, as in a query or a form.
pub(super) fn decode_pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::sandbox::fields::{Fields, decode_pairs};

    #[test]
    fn forms_are_decoded_and_numeric_strings_are_amounts() {
        let fields = Fields::from_form(
            "name=%EC%9B%94+%EA%B5%AC%EB%8F%85&amount=8900&extra%5BnaverUseCfm%5D=20261123",
        );
        assert_eq!(fields.text("name").unwrap(), "월 구독");
        assert_eq!(fields.amount("amount").unwrap().unwrap().to_string(), "8900");
        assert_eq!(fields.text("extra[naverUseCfm]").unwrap(), "20261123");
    }

    #[test]
    fn a_blank_before_the_name_of_a_form_field_is_not_part_of_it() {
        assert_eq!(Fields::from_form("imp_key=k&+imp_secret=s").text("imp_secret").unwrap(), "s");
        assert_eq!(Fields::from_form("%20imp_secret=s").text("imp_secret").unwrap(), "s");
    }

    #[test]
    fn a_numeric_merchant_uid_loses_digits_and_an_amount_does_not() {
        let fields = Fields::from_json(r#"{"merchant_uid":95382678123123123,"amount":14.20}"#);
        assert_eq!(fields.text("merchant_uid").unwrap(), "95382678123123120");
        assert_eq!(fields.amount("amount").unwrap().unwrap().to_string(), "14.20");
    }

    #[test]
    fn an_amount_that_is_no_number_is_an_error_and_an_absent_one_is_not() {
        let fields = Fields::from_json(r#"{"amount":{"total":8900},"checksum":null}"#);
        assert!(fields.amount("amount").is_err());
        assert!(fields.amount("checksum").unwrap().is_none());
    }

    #[test]
    fn lists_are_read_from_json_and_from_forms_alike() {
        let json = Fields::from_json(r#"{"uid":["a","b"],"list":[{"amount":1},{"amount":2}]}"#);
        let form = Fields::from_form("uid[]=a&uid[]=b&list[0][amount]=1&list%5B1%5D%5Bamount%5D=2");
        let numbered = Fields::from_form("uid[0]=a&uid[1]=b&list[0][amount]=1&list[1][amount]=2");
        for fields in [json, form, numbered] {
            assert_eq!(fields.texts("uid"), ["a", "b"]);
            let amounts: Vec<String> =
                fields.objects("list").iter().map(|item| item.text("amount").unwrap()).collect();
            assert_eq!(amounts, ["1", "2"]);
        }
        assert_eq!(Fields::from_form("uid=a").texts("uid"), ["a"]);
        assert!(Fields::default().texts("uid").is_empty());
    }

    #[test]
    fn a_query_keeps_its_repeated_names() {
        let pairs = decode_pairs("imp_uid[]=a&imp_uid%5B%5D=b%2Fc&page=2");
        assert_eq!(pairs[1], ("imp_uid[]".to_owned(), "b/c".to_owned()));
        assert_eq!(pairs.len(), 3);
    }
}
