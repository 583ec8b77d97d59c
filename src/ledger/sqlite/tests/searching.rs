//! A text is found in the same payments with the index of pieces and without.

use rusqlite::{Connection, params};
use unicode_normalization::UnicodeNormalization;

use super::{Asked, Place, charged};
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::payment::{Mode, Outcome};
use crate::ledger::sqlite::found::find;
use crate::ledger::sqlite::pieces::{BLOCK, fill, is_due};
use crate::ledger::sqlite::search::text::asked;
use crate::ledger::{Filter, Ledger};

const NAMES: [&str; 12] = [
    "김민수",
    "박 민수",
    "이수민",
    "민수",
    "남궁 길동",
    "Kim Min-su",
    "O'Brien \"Bob\"",
    "50%_\\",
    "하\u{1f600}진",
    "ﬀ",
    "수",
    "민",
];
const WORDS: [&str; 10] = [
    "월 구독",
    "Monthly subscription",
    "원두 500g",
    "전화로 확인",
    "[CC10] 통장 잔액부족",
    "a\u{0}b민수",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "ÀÉÎ éa",
    "🎁 선물",
    "%_%",
];

/// Numbers that look random, and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// Composed, or in single letters as a Mac has it.
    fn spelled(&mut self, text: &str) -> String {
        if self.below(6) == 0 { text.nfd().collect() } else { text.to_owned() }
    }
}

/// As many rows more, with texts of all kinds; straight into the file, where to charge each would take a minute.
fn add(db: &Connection, dice: &mut Dice, count: usize) {
    let first: i64 =
        db.query_row("SELECT ifnull(max(id), 0) + 1 FROM payments", [], |row| row.get(0)).unwrap();
    db.execute_batch("BEGIN").unwrap();
    for id in (first..).take(count) {
        let uid = match dice.below(4) {
            0 => format!("2026112910{:04}{:016x}", id % 10_000, id * 7919),
            1 => dice.spelled(&format!("주문_{id}")),
            _ => format!("order-{id}"),
        };
        let name = dice.of(&NAMES);
        let buyer = (dice.below(3) > 0).then(|| dice.spelled(name));
        let word = dice.of(&WORDS);
        let product = dice.spelled(word);
        let tel = ["010-1234-5678", "+82 10 9876 5432", "02) 987.6543", "없음"][dice.below(4)];
        let note = (dice.below(5) == 0).then(|| match dice.below(40) {
            0 => format!("{}민수{}", "긴 글 ".repeat(900), "끝".repeat(900)),
            _ => format!("{} {}", dice.of(&WORDS), dice.of(&NAMES)),
        });
        let approval = (dice.below(3) > 0).then(|| format!("{:08}", dice.below(100_000_000)));
        db.prepare_cached(
            "INSERT INTO payments (id, merchant_uid, customer_uid, amount_minor, currency, mode, outcome, name, \
             attempts, unanswered, requested_at_ms, imp_uid, apply_num, card_number, pg_tid, message, buyer_name, \
             buyer_email, buyer_tel, note, once_per) \
             VALUES (?, ?, ?, ?, 'KRW', 'live', 'paid', ?, 1, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .unwrap()
        .execute(params![
            id,
            uid,
            ["gildong", "younghee", "손님_1"][dice.below(3)],
            i64::try_from(1000 + 100 * dice.below(90)).unwrap(),
            product,
            1_700_000_000_000 + id,
            format!("imps_{:012}", dice.below(1_000_000_000)),
            approval,
            format!("5409-26**-****-{:04}", dice.below(10_000)),
            format!("nicebill01m{:08}", dice.below(100_000_000)),
            (dice.below(4) == 0).then(|| dice.of(&WORDS)),
            buyer,
            ["Kim@Example.com", "이메일@example.kr", "x"][dice.below(3)],
            tel,
            note,
            dice.below(9) == 0,
        ])
        .unwrap();
        if dice.below(3) == 0 {
            db.prepare_cached(
                "INSERT INTO records (payment_id, imp_uid, nth, apply_num, first_seen_ms, last_seen_ms) \
                 VALUES (?, ?, 1, ?, 0, 0)",
            )
            .unwrap()
            .execute(params![id, format!("imps_r{id}"), format!("{:08}", dice.below(100_000_000))])
            .unwrap();
        }
    }
    db.execute_batch("COMMIT").unwrap();
}

/// Texts to look for: pieces of what is there, spelled in every way, and what is nowhere.
fn texts(db: &Connection, dice: &mut Dice, count: usize) -> Vec<String> {
    let max: i64 = db.query_row("SELECT max(id) FROM payments", [], |row| row.get(0)).unwrap();
    let max = usize::try_from(max).unwrap();
    let mut all: Vec<String> = [
        "민수",
        "수민",
        "없는말",
        "김민",
        "길동 구독",
        "01098765432",
        "+82 10-9876",
        "5,000",
        "₩5,000",
        "%",
        "'",
        "\"",
        "\\",
        "_",
        "a\u{0}b",
        "\u{1f600}",
        "👩",
        "order",
        "imps",
        "KIM@",
        "ﬀ",
        "éa",
        "주문_1",
        "gildong",
        "5409-26**-****-0001",
        "1234",
        "통장 잔액",
        "손님",
        "영희",
        "9876",
        "x",
        "NULL",
        "' OR 1=1 --",
        "2026112910",
        "잔액부족 민수 구독",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push("민수".repeat(1700));
    let column = [
        "name",
        "buyer_name",
        "note",
        "merchant_uid",
        "imp_uid",
        "apply_num",
        "pg_tid",
        "message",
        "buyer_tel",
        "buyer_email",
        "substr(card_number, -4)",
        "card_number",
        "amount_minor",
    ];
    while all.len() < count {
        let sql = format!("SELECT CAST({} AS TEXT) FROM payments WHERE id = ?1", dice.of(&column));
        let id = i64::try_from(1 + dice.below(max)).unwrap();
        let text: Option<String> = db.query_row(&sql, [id], |row| row.get(0)).unwrap_or_default();
        let letters: Vec<char> = text.unwrap_or_default().chars().collect();
        if letters.is_empty() {
            continue;
        }
        let from = dice.below(letters.len());
        let length = 1 + dice.below(7);
        let piece: String = letters[from..].iter().take(length).collect();
        all.push(match dice.below(6) {
            0 => piece.nfd().collect(),
            1 => piece.nfc().collect(),
            2 => piece.to_uppercase(),
            3 => format!("{piece} {}", dice.of(&NAMES)),
            _ => piece,
        });
    }
    all
}

type Ranked = Vec<(i64, i64)>;

fn ranked(db: &Connection) -> Ranked {
    let mut statement = db.prepare("SELECT id, rank FROM temp.found ORDER BY id").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// With the index, and with none of it.
fn both_ways(db: &Connection, text: &str) -> (Ranked, Ranked) {
    let mut asked = asked(text);
    find(db, asked.as_ref()).unwrap();
    let with_it = ranked(db);
    for word in asked.iter_mut().flat_map(|asked| &mut asked.words) {
        word.pieces = None;
    }
    find(db, asked.as_ref()).unwrap();
    (with_it, ranked(db))
}

#[track_caller]
fn the_same_both_ways(ledger: &Ledger, dice: &mut Dice) {
    let mut hits = 0;
    for text in texts(ledger.connection(), dice, 45) {
        let (with_it, without) = both_ways(ledger.connection(), &text);
        assert_eq!(with_it, without, "{text:?}");
        hits += usize::from(!without.is_empty());
    }
    assert!(hits > 15, "only {hits} texts were found at all");
}

fn number(ledger: &Ledger, sql: &str) -> i64 {
    ledger.connection().query_row(sql, [], |row| row.get(0)).unwrap()
}

fn save(ledger: &mut Ledger, uid: &str, name: &str, tel: &str) {
    let customer = Customer {
        customer_uid: CustomerUid::parse(uid).unwrap(),
        name: Some(name.to_owned()),
        email: Some(format!("{uid}@saved.example")),
        tel: Some(tel.to_owned()),
        note: None,
        card: Card::default(),
        mode: Mode::Live,
        added_at: super::at(0),
        checked_at: None,
        removed_at: None,
    };
    ledger.save_customer(&customer).unwrap();
}

#[test]
fn the_index_finds_what_a_look_at_every_payment_finds() {
    let place = Place::new();
    let (mut ledger, mut dice) = (place.ledger(), Dice(7));
    save(&mut ledger, "younghee", "김영희", "010-5555-7777");
    add(ledger.connection(), &mut dice, 2 * usize::try_from(BLOCK).unwrap() + 900);
    the_same_both_ways(&ledger, &mut dice);
    assert_eq!(number(&ledger, "SELECT upto FROM search"), 0, "nothing is filled yet");
    fill(ledger.connection()).unwrap();
    assert_eq!(number(&ledger, "SELECT upto FROM search"), BLOCK);
    the_same_both_ways(&ledger, &mut dice);
    // What is in a block changes.
    for change in [
        "UPDATE payments SET note = '환불 문의 민수진' WHERE id % 50 = 3",
        "UPDATE payments SET imp_uid = 'imps_later' || id, apply_num = NULL WHERE id % 90 = 5",
        "UPDATE records SET apply_num = '7' || payment_id WHERE payment_id % 30 = 2",
        "INSERT INTO records (payment_id, imp_uid, nth, first_seen_ms, last_seen_ms) \
            SELECT id, 'imps_other' || id, 2, 0, 0 FROM payments WHERE id % 300 = 7",
        "UPDATE payments SET unanswered = 1 WHERE id % 10 = 1",
    ] {
        assert!(ledger.connection().execute(change, []).unwrap() > 0);
    }
    let again = number(&ledger, "SELECT count(*) FROM search_again");
    assert!((60..200).contains(&again), "{again} are looked at again");
    the_same_both_ways(&ledger, &mut dice);
    for text in ["민수진", "imps_later", "imps_other", "7123"] {
        let (with_it, without) = both_ways(ledger.connection(), text);
        assert_eq!(with_it, without, "{text}");
    }
    add(ledger.connection(), &mut dice, 1800);
    fill(ledger.connection()).unwrap();
    assert_eq!(number(&ledger, "SELECT upto FROM search"), 2 * BLOCK);
    assert_eq!(number(&ledger, "SELECT count(*) FROM search_again"), 0, "they are in their blocks now");
    the_same_both_ways(&ledger, &mut dice);
    let (with_it, _) = both_ways(ledger.connection(), "환불문의");
    assert_eq!(with_it, [], "a note's blanks count");
}

#[test]
fn most_payments_are_not_looked_at_for_a_piece_of_two_syllables() {
    let place = Place::new();
    let (ledger, mut dice) = (place.ledger(), Dice(3));
    add(ledger.connection(), &mut dice, 2 * usize::try_from(BLOCK).unwrap() + 10);
    fill(ledger.connection()).unwrap();
    find(ledger.connection(), asked("길동").as_ref()).unwrap();
    let looked_at = number(&ledger, "SELECT count(*) FROM temp.maybe");
    let newest = number(&ledger, "SELECT count(*) FROM payments WHERE id >= (SELECT upto FROM search)");
    let found = number(&ledger, "SELECT count(*) FROM temp.found WHERE id < (SELECT upto FROM search)");
    assert!(
        found > 50 && looked_at < newest + found + found / 4,
        "{looked_at} for {found}, {newest} of them new"
    );
}

#[test]
fn blocks_are_filled_by_the_charges_behind_them() {
    let place = Place::new();
    let (mut ledger, mut dice) = (place.ledger(), Dice(1));
    add(ledger.connection(), &mut dice, 2 * usize::try_from(BLOCK).unwrap() - 2);
    charged(&mut ledger, &Asked::new("first", 100, 0), Outcome::Paid);
    assert_eq!(number(&ledger, "SELECT upto FROM search"), 0);
    let mut second = Asked::new("second", 100, 1);
    second.request.buyer_name = Some("탁재훈".to_owned());
    charged(&mut ledger, &second, Outcome::Paid);
    assert_eq!(number(&ledger, "SELECT upto FROM search"), BLOCK);
    // What is found a moment ago is not found again when something was written since.
    let count = |ledger: &Ledger| {
        ledger.totals(&Filter { text: Some("재훈".to_owned()), ..Filter::default() }).unwrap().count
    };
    assert_eq!((count(&ledger), count(&ledger)), (1, 1));
    let mut third = Asked::new("third", 100, 2);
    third.request.buyer_name = Some("박재훈".to_owned());
    charged(&mut ledger, &third, Outcome::Paid);
    assert_eq!(count(&ledger), 2);
    charged(&mut place.ledger(), &Asked::new("재훈", 100, 3), Outcome::Paid);
    assert_eq!(count(&ledger), 3);
    save(&mut ledger, "gildong", "최재훈", "01");
    assert!(count(&ledger) > 3, "all of a customer's payments");
}

#[test]
fn saved_customers_are_found_by_blocks_of_their_own() {
    let place = Place::new();
    let (mut ledger, mut dice) = (place.ledger(), Dice(5));
    add(ledger.connection(), &mut dice, 200);
    for n in 0..2500 {
        let (name, tel) =
            (dice.of(&NAMES), ["010-1234-5678", "+82 10 9876 5432", "02) 987.6543"][dice.below(3)]);
        let name = dice.spelled(name);
        let values = params![format!("손님_{n}"), format!("{name} {n}"), format!("U{n}@Example.com"), tel];
        let sql = "INSERT INTO customers (customer_uid, name, email, tel, mode, added_at_ms) VALUES (?, ?, ?, ?, 'live', 0)";
        ledger.connection().prepare_cached(sql).unwrap().execute(values).unwrap();
    }
    let each_has_one =
        "UPDATE payments SET outcome = 'declined', customer_uid = '손님_' || id * 12 WHERE id < 200";
    ledger
        .connection()
        .execute_batch("DROP TRIGGER payments_keep_their_terms; DROP TRIGGER payments_stay_paid")
        .unwrap();
    ledger.connection().execute(each_has_one, []).unwrap();
    let same = |ledger: &Ledger| {
        let mut found = 0;
        for text in [
            "민수",
            "수민 12",
            "민수 240",
            "U120@ex",
            "길동",
            "9876",
            "01098765432",
            "없는말",
            "bob",
            "새이름",
            "ﬀ",
            "2400",
        ] {
            let (with_it, without) = both_ways(ledger.connection(), text);
            assert_eq!(with_it, without, "{text}");
            found += without.len();
        }
        assert!(found > 100, "{found}");
    };
    same(&ledger);
    save(&mut ledger, "younghee", "김영희", "010-5555-7777");
    assert_eq!(number(&ledger, "SELECT count(*) FROM search_people"), BLOCK);
    assert_eq!(number(&ledger, "SELECT count(*) FROM search_people_again"), 2501 - BLOCK);
    same(&ledger);
    let changed = "UPDATE customers SET name = '새이름', tel = NULL WHERE customer_uid LIKE '손님_1%'";
    ledger.connection().execute(changed, []).unwrap();
    same(&ledger);
    fill(ledger.connection()).unwrap();
    assert!(number(&ledger, "SELECT count(*) FROM search_people_again") < 1024);
    same(&ledger);
}

/// Another program's write is not waited for: the charge that met it has been written down long since.
#[test]
fn a_ledger_that_is_busy_has_its_block_filled_by_a_later_charge() {
    let place = Place::new();
    let (ledger, mut dice) = (place.ledger(), Dice(1));
    add(ledger.connection(), &mut dice, 2 * usize::try_from(BLOCK).unwrap() + 5);
    let mut file = place.file();
    let blocker = place.ledger();
    blocker.connection().execute_batch("BEGIN IMMEDIATE").unwrap();
    let asked = Asked::new("order", 100, 0);
    let answer = super::answer("order", 1, 1, asked.settled(Outcome::Paid));
    assert!(is_due(&file.connection, std::slice::from_ref(&answer)));
    file.index_behind(true);
    assert_eq!(number(&ledger, "SELECT upto FROM search"), 0);
    let patience = file.connection.query_row("PRAGMA busy_timeout", [], |row| row.get::<_, i64>(0));
    assert_eq!(patience.unwrap(), 60);
    blocker.connection().execute_batch("ROLLBACK").unwrap();
    file.index_behind(true);
    assert_eq!(number(&ledger, "SELECT upto FROM search"), BLOCK);
}
