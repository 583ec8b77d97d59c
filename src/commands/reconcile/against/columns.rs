//! What the console and PGs call the columns of their lists.

use crate::domain::words::nearest;
use crate::failure::Failure;
use crate::intake::{Column, Kind, Wanted, Whose, column_name};
use crate::output::text::safe;
use crate::settings::HeadingMap;

const fn column(name: &'static str, also: &'static [&'static str], kind: Kind) -> Column {
    Column { name, also, kind, needed: false }
}

pub(super) const IMP_UID: usize = 0;
pub(super) const MERCHANT_UID: usize = 1;
pub(super) const APPLY_NUM: usize = 2;
pub(super) const CANCEL_AMOUNT: usize = 4;

/// The columns that are read; the cells of a row have this order.
pub(super) static COLUMNS: [Column; 10] = [
    column(
        "imp_uid",
        &[
            "포트원거래번호",
            "포트원거래아이디",
            "포트원거래id",
            "포트원id",
            "포트원결제번호",
            "아임포트거래번호",
            "아임포트거래id",
            "아임포트id",
            "아임포트고유번호",
            "거래고유번호",
            "imp_id",
            "portone_id",
        ],
        Kind::Id,
    ),
    column(
        "merchant_uid",
        &[
            "주문번호",
            "가맹점주문번호",
            "고객사주문번호",
            "고객사거래번호",
            "상점주문번호",
            "쇼핑몰주문번호",
            "주문id",
            "주문아이디",
            "order_id",
            "orderid",
            "order_number",
            "order_no",
            "orderno",
            "order",
            "moid",
            "merchant_order_id",
            "payment_id",
            "결제id",
        ],
        Kind::Id,
    ),
    column(
        "apply_num",
        &[
            "승인번호",
            "카드승인번호",
            "approval",
            "approval_number",
            "approval_num",
            "approval_no",
            "approvalno",
            "approve_no",
            "apply_no",
            "applynum",
            "auth_code",
            "authcode",
        ],
        Kind::Id,
    ),
    Column {
        name: "amount",
        also: &[
            "금액",
            "결제금액",
            "승인금액",
            "거래금액",
            "매출금액",
            "판매금액",
            "총결제금액",
            "결제액",
            "거래액",
            "매출액",
            "total_amount",
            "paid_amount",
            "price",
        ],
        kind: Kind::Amount,
        needed: true,
    },
    column(
        "cancel_amount",
        &[
            "취소금액",
            "환불금액",
            "취소액",
            "환불액",
            "총취소금액",
            "누적취소금액",
            "cancelled_amount",
            "canceled_amount",
            "refund_amount",
            "refunded_amount",
            "refunded",
        ],
        Kind::Amount,
    ),
    column("currency", &["통화", "화폐", "결제통화", "통화코드", "currency_code"], Kind::Text),
    column(
        "paid_at",
        &[
            "결제일시",
            "승인일시",
            "거래일시",
            "매출일시",
            "결제일",
            "승인일",
            "거래일",
            "매출일",
            "결제일자",
            "승인일자",
            "거래일자",
            "매출일자",
            "결제시각",
            "승인시각",
            "거래시각",
            "결제완료일시",
            "approved_at",
            "transaction_at",
            "paid_date",
            "date",
            "at",
        ],
        Kind::Text,
    ),
    column(
        "cancelled_at",
        &[
            "취소일시",
            "환불일시",
            "취소일",
            "환불일",
            "취소일자",
            "환불일자",
            "취소시각",
            "취소완료일시",
            "canceled_at",
            "refunded_at",
        ],
        Kind::Text,
    ),
    column("status", &["상태", "결제상태", "거래상태", "처리상태", "승인상태"], Kind::Text),
    column(
        "kind",
        &["구분", "거래구분", "거래유형", "거래종류", "승인구분", "매출구분", "type", "transaction_type"],
        Kind::Text,
    ),
];

/// What is looked for in a file, where some of its columns are called otherwise.
pub(super) fn wanted(map: Option<&HeadingMap>) -> Result<Wanted, Failure> {
    let mut renamed = Vec::new();
    for heading in map.iter().flat_map(|map| &map.headings) {
        let Some(column) = COLUMNS.iter().position(|column| column.name == heading.field) else {
            let names = COLUMNS.iter().map(|column| column.name);
            let near = nearest(&heading.field, names.clone());
            let near = near.map_or_else(|| ".".to_owned(), |near| format!("; did you mean {near}?"));
            let all = names.collect::<Vec<_>>().join(", ");
            let field = safe(&heading.field);
            return Err(Failure::usage(format!(
                "{}: `{field}` is no column of another book{near} The columns are {all}. Nothing was read",
                heading.place
            )));
        };
        renamed.push((column_name(&heading.heading), column));
    }
    Ok(Wanted {
        columns: &COLUMNS,
        key: MERCHANT_UID,
        passed_over: &[],
        example: "merchant_uid,amount,paid_at",
        whose: Whose::Anothers,
        renamed,
    })
}
