//! The columns of a file of charges.

use crate::intake::{Column, Kind, Wanted, Whose};

const fn column(name: &'static str, also: &'static [&'static str], kind: Kind) -> Column {
    Column { name, also, kind, needed: false }
}

const fn needed(name: &'static str, also: &'static [&'static str], kind: Kind) -> Column {
    Column { name, also, kind, needed: true }
}

/// The columns there are; the cells of a row have this order.
pub(super) static COLUMNS: [Column; 13] = [
    needed("customer_uid", &["고객", "고객번호", "고객id", "고객아이디", "고객코드"], Kind::Id),
    needed("amount", &["금액", "결제금액", "청구금액", "가격"], Kind::Amount),
    needed("name", &["상품명", "상품", "품명", "제품명", "주문명", "결제명"], Kind::Text),
    column("merchant_uid", &["주문번호", "주문id", "주문아이디", "주문코드"], Kind::Id),
    column("currency", &["통화"], Kind::Text),
    column("tax_free", &["면세", "면세금액", "면세액", "비과세", "비과세금액"], Kind::Amount),
    column("vat_amount", &["부가세", "부가세액", "부가가치세"], Kind::Amount),
    column("quota", &["할부", "할부개월", "할부개월수"], Kind::Text),
    column("buyer_name", &["구매자", "구매자명", "구매자이름", "고객명", "주문자", "주문자명"], Kind::Text),
    column("buyer_email", &["이메일", "구매자이메일", "고객이메일", "메일"], Kind::Text),
    column(
        "buyer_tel",
        &[
            "전화",
            "전화번호",
            "연락처",
            "휴대폰",
            "휴대폰번호",
            "구매자전화",
            "구매자전화번호",
            "구매자연락처",
        ],
        Kind::Text,
    ),
    column("custom_data", &["추가정보", "사용자데이터"], Kind::Text),
    column("note", &["메모", "비고"], Kind::Text),
];

/// What is looked for in a file of charges.
pub(super) static WANTED: Wanted = Wanted {
    columns: &COLUMNS,
    key: 0,
    passed_over: &[],
    example: "customer_uid,amount,name,merchant_uid",
    whose: Whose::Ours,
    renamed: Vec::new(),
};
