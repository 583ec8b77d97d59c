//! What an export may have, and what another book may call it.

use crate::commands::topics::{Part, Topic};
use crate::output::column_map::field_names;

/// `billkey help columns`.
#[must_use]
pub(in crate::commands) fn columns() -> Topic {
    let prose = |text: &str| Part::Prose(text.to_owned());
    let fields = field_names().into_iter().map(|name| (name.to_owned(), about(name).to_owned()));
    let parts = vec![
        prose(
            "`month`, `report` and `history` write lines for another program with --export csv and xlsx: one for each \
             sale, one for each refund. --map NAME lays them out as a table of the config file says:",
        ),
        Part::AsIs(EXAMPLE.to_owned()),
        prose(
            "A column has a `heading`, and a `field` or a `value` that is the same in each line. `words` puts other \
             texts in the place of words of ours. Where the encoding lacks a letter nothing is written, and each cell is \
             named. A text that a spreadsheet would calculate gets a ' before it, as everywhere.",
        ),
        Part::Heading("FIELDS"),
        Part::Pairs { of: None, rows: fields.collect() },
        Part::Heading("MAPS"),
        Part::Pairs {
            of: None,
            rows: MAP_KEYS.map(|(key, text)| (key.to_owned(), text.to_owned())).to_vec(),
        },
        Part::Heading("ANOTHER BOOK"),
        prose(
            "`billkey reconcile --against FILE` knows the usual headings of the console and of PGs. What a file calls \
             its columns otherwise stands in a table of its own, and is asked for with --map:",
        ),
        Part::AsIs(AGAINST.to_owned()),
        prose(
            "The columns are imp_uid, merchant_uid, apply_num, amount, cancel_amount, currency, paid_at, cancelled_at, \
             status and kind.",
        ),
    ];
    Topic { name: "columns", about: "what exports may have, and what other books are read by", parts }
}

const EXAMPLE: &str = "  [profile.main.export.accountant]
  encoding = \"cp949\"
  times = \"%Y%m%d\"
  columns = [
    { heading = \"일자\", field = \"at\" },
    { heading = \"구분\", field = \"kind\", words = { refund = \"취소\" } },
    { heading = \"거래처\", value = \"카드매출\" },
    { heading = \"공급가액\", field = \"supply\" },
    { heading = \"부가세\", field = \"vat\" },
  ]";

const AGAINST: &str = "  [profile.main.against.settlement]
  merchant_uid = \"가맹점 주문번호\"
  amount = \"매출액\"";

const MAP_KEYS: [(&str, &str); 7] = [
    ("columns", "the columns, in their order"),
    ("encoding", "utf-8 (unless told), utf-8-bom or cp949; of csv"),
    ("separator", "\",\" (unless told), \";\", \"tab\" or \"|\"; of csv"),
    ("line_ends", "crlf (unless told) or lf; of csv"),
    ("times", "%Y-%m-%d %H:%M:%S unless told; also of one column"),
    ("amounts", "digits (8900, unless told) or grouped (8,900)"),
    ("refunds", "minus (-8900, unless told) or plain (8900)"),
];

fn about(field: &str) -> &'static str {
    match field {
        "row" => "the number of the line, from 1",
        "at" => "when it was approved, or went back",
        "kind" => "sale, refund, outside_refund (paid back by the PG, noted by hand), failed",
        "merchant_uid" => "the order",
        "imp_uid" => "the gateway's own id of the payment",
        "customer_uid" => "the billing key",
        "buyer_name" => "the customer's name",
        "name" => "the product",
        "amount" => "the whole amount; of a refund less than nothing",
        "supply" => "the part that is supply",
        "vat" => "the part that is VAT",
        "tax_free" => "the part that is free of tax",
        "vat_basis" => "where the VAT is known from: sent, derived, zero_rated",
        "fee" => "empty: the PG's fee is not known here",
        "currency" => "KRW, or another code",
        "mode" => "live, test or sandbox",
        "apply_num" => "the approval number",
        "card_name" => "the card company",
        "card_number" => "masked",
        "pg_provider" => "the PG",
        "refund_id" => "of a refund from here",
        "reason" => "why it went back",
        "receipt_url" => "the receipt",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::about;
    use crate::output::column_map::field_names;

    #[test]
    fn every_field_is_explained() {
        for name in field_names() {
            assert!(!about(name).is_empty(), "{name}");
        }
    }
}
