#!/usr/bin/env python3
"""Fills an empty ledger with payments of every kind, to be added up by two programs.

    made.py LEDGER PAYMENTS

Refunds of parts and of all, in later months, by histories that tell everything, part of it or no times; refunds of ours
with tax parts and without; money paid back outside; parts given, derived and zero-rated; two currencies; live, test and
what the gateway denies; further payments under an order; moments around midnight and the month's end. The same number of
payments is the same ledger. They are written into the tables: their chains are not there.
"""

import random
import sqlite3
import sys

# Three months, Seoul time: 2026-08-01 to 2026-10-31.
FROM_S = 1_785_510_000
DAY_S = 86_400
DAYS = 92
MONTHS_S = [FROM_S, FROM_S + 31 * DAY_S, FROM_S + 61 * DAY_S, FROM_S + 92 * DAY_S]

CARDS = ["신한카드", "국민카드", "현대카드", "BC카드", None]
PGS = ["nice"] * 8 + ["kakaopay", "naverpay", "danal", "html5_inicis", None]
PRODUCTS = ["월 구독", "Annual plan", "=1+1", "기부금"]
WORDS = ["[CC10] 통장 잔액부족", "[8037] 한도초과 카드사 문의요망", "한 번도 없던 말", None]
ACCOUNT = "0123456789abcdef"
TOGETHER = 20_000

PAYMENT = (
    "id merchant_uid customer_uid amount_minor currency mode sandbox outcome name attempts unanswered requested_at_ms "
    "last_send_ms account imp_uid status cancel_amount_minor card_name pg_provider paid_at_s cancelled_at_s message "
    "tax_recorded tax_free_minor vat_amount_minor outside_minor outside_at_ms outside_evidence"
).split()
REFUND = (
    "refund_id payment_id imp_uid outcome paid_minor amount_minor balance_before_minor currency tax_free_minor "
    "vat_amount_minor reason requested_at_ms sent_ms account refunded_at_s cancellation_id"
).split()
HISTORY = "payment_id imp_uid nth amount_minor currency at_s reason cancellation_id".split()
RECORD = "payment_id imp_uid nth status amount_minor cancelled_minor currency sandbox first_seen_ms last_seen_ms".split()


def insert(table, columns):
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(':' + name for name in columns)})"


class Maker:
    def __init__(self):
        self.dice = random.Random(20_261_129)
        self.rows = {"payments": [], "refunds": [], "cancellations": [], "records": []}
        self.refunds = 0

    def moment(self):
        """A second of the three months; often one beside midnight or beside a month's end."""
        dice = self.dice
        if dice.random() < 0.02:
            return dice.choice(MONTHS_S[:3]) + dice.choice([-1, 0, 1])
        if dice.random() < 0.02:
            return FROM_S + dice.randrange(DAYS) * DAY_S + dice.choice([-1, 0])
        return FROM_S + dice.randrange(DAYS * DAY_S)

    def later(self, second):
        """When something goes back: soon, in the next month, or at once."""
        dice = self.dice
        return second + dice.choice([0, 60, DAY_S, 20 * DAY_S, 33 * DAY_S, dice.randrange(70 * DAY_S)])

    def tax(self, amount):
        """(tax-free, VAT) as they go with a request."""
        dice = self.dice
        chance = dice.random()
        if chance < 0.6 or amount == 0:
            return None, None
        free = dice.randrange(amount + 1)
        return dice.choice([
            (0, 0), (free, None), (None, amount // 11), (free, (amount - free) // 11), (amount, 0), (free, 0),
        ])

    def payment(self, number):
        dice = self.dice
        at = self.moment()
        outcome = dice.choices(
            ["paid", "declined", "rejected", "unknown", "pending", "not_sent"], [860, 90, 15, 15, 10, 10]
        )[0]
        paid = outcome == "paid"
        amount = dice.choice([8900, 9900, 11_000, 100, 1, 33_333, dice.randrange(1, 3_000_000)])
        free, vat = self.tax(amount)
        row = dict.fromkeys(PAYMENT)
        row.update(
            id=number,
            merchant_uid=f"order_{number:08d}",
            customer_uid=f"cust_{dice.randrange(200):04d}",
            amount_minor=amount,
            currency=dice.choices(["KRW", "USD"], [9, 1])[0],
            mode=dice.choices(["live", "test"], [8, 2])[0],
            sandbox=dice.choices([None, 0, 1], [10, 3, 1])[0],
            outcome=outcome,
            name=dice.choice(PRODUCTS),
            attempts=0 if outcome == "not_sent" else 1,
            unanswered=1 if outcome in ("unknown", "pending") else 0,
            requested_at_ms=at * 1000 + dice.randrange(1000),
            account=ACCOUNT,
            card_name=dice.choice(CARDS),
            pg_provider=dice.choice(PGS),
            message=None if paid else dice.choice(WORDS),
            tax_recorded=0 if dice.random() < 0.05 else 1,
            tax_free_minor=free,
            vat_amount_minor=vat,
            outside_minor=0,
        )
        if outcome != "not_sent":
            # Asked for again weeks later, under the same order.
            again = dice.choices([0, 25 * DAY_S, 40], [8, 1, 1])[0]
            row["last_send_ms"] = row["requested_at_ms"] + again * 1000
        if paid:
            sent = row["last_send_ms"] // 1000
            row.update(imp_uid=f"imps_{number:012d}", status="paid", cancel_amount_minor=0)
            # A few of which the gateway told no time.
            row["paid_at_s"] = None if dice.random() < 0.01 else sent + dice.choice([0, 2, 7])
            row["sold_s"] = row["paid_at_s"] or sent
            if dice.random() < 0.15:
                self.give_back(row)
        if dice.random() < 0.004:
            self.another(row)
        row.pop("sold_s", None)
        self.rows["payments"].append(row)

    def give_back(self, row):
        dice = self.dice
        rest, backs = row["amount_minor"], []
        for _ in range(dice.choice([1, 1, 1, 2, 3, 5])):
            amount = rest if dice.random() < 0.4 else dice.randrange(1, rest + 1)
            backs.append([self.later(row["sold_s"]), amount, None])
            rest -= amount
            if rest == 0:
                break
        backs.sort(key=lambda back: back[0])
        # Some of them outside of the gateway, as a person has noted; a rare one once more at the gateway.
        if dice.random() < 0.1:
            at, amount, _ = backs.pop()
            row.update(outside_minor=amount, outside_at_ms=at * 1000 + 7, outside_evidence="PG")
            if dice.random() < 0.2:
                backs.append([at + 3600, amount, None])
        if not backs:
            return
        whole = sum(back[1] for back in backs)
        row.update(cancel_amount_minor=whole, status="cancelled", cancelled_at_s=backs[-1][0])
        balance = row["amount_minor"]
        for back in backs:
            if dice.random() < 0.5 and 0 < back[1] <= balance:
                back[2] = self.refund(row, back, balance)
            balance -= back[1]
        way = dice.random()
        if way < 0.2:
            # An older ledger has no histories; a rare payment has no time of its refunds either.
            if way < 0.03:
                row["cancelled_at_s"] = None
            return
        shown = backs[:-1] if way < 0.3 else backs
        for nth, (at, amount, refund) in enumerate(shown, 1):
            by_reason = dice.random() < 0.6
            self.rows["cancellations"].append({
                "payment_id": row["id"], "imp_uid": row["imp_uid"], "nth": nth, "amount_minor": amount,
                "currency": row["currency"], "at_s": None if dice.random() < 0.03 else at,
                "reason": f"고객 요청 {refund['refund_id']}" if refund and by_reason else "관리자페이지취소",
                "cancellation_id": refund["cancellation_id"] if refund and not by_reason else None,
            })

    def refund(self, row, back, balance):
        dice = self.dice
        self.refunds += 1
        at, amount, _ = back
        free, vat = self.tax(amount)
        refund = dict.fromkeys(REFUND)
        refund.update(
            refund_id=f"{self.refunds:08x}", payment_id=row["id"], imp_uid=row["imp_uid"], outcome="refunded",
            paid_minor=row["amount_minor"], amount_minor=amount, balance_before_minor=balance,
            currency=row["currency"], tax_free_minor=free, vat_amount_minor=vat, reason="고객 요청",
            requested_at_ms=at * 1000, sent_ms=at * 1000 + 400, account=ACCOUNT,
            refunded_at_s=None if dice.random() < 0.05 else at, cancellation_id=f"cancel_{self.refunds}",
        )
        self.rows["refunds"].append(refund)
        if dice.random() < 0.05:
            self.refunds += 1
            refused = dict(refund, refund_id=f"{self.refunds:08x}", outcome="refused", cancellation_id=None)
            self.rows["refunds"].append(refused)
        return refund

    def another(self, row):
        """Another payment under the order that took money."""
        dice = self.dice
        amount = row["amount_minor"]
        self.rows["records"].append({
            "payment_id": row["id"], "imp_uid": f"other_{row['id']}", "nth": 1,
            "status": dice.choice(["paid", "cancelled"]), "amount_minor": amount,
            "cancelled_minor": dice.choice([0, amount, amount // 2, None]),
            "currency": dice.choices([row["currency"], "JPY"], [9, 1])[0], "sandbox": dice.choice([None, 0, 1]),
            "first_seen_ms": row["requested_at_ms"], "last_seen_ms": row["requested_at_ms"],
        })


def main(path, count):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    maker = Maker()
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM payments").fetchone()
    for first in range(last + 1, last + count + 1, TOGETHER):
        for number in range(first, min(first + TOGETHER, last + count + 1)):
            maker.payment(number)
        db.execute("BEGIN")
        for table, columns in (
            ("payments", PAYMENT), ("refunds", REFUND), ("cancellations", HISTORY), ("records", RECORD)
        ):
            db.executemany(insert(table, columns), maker.rows[table])
            maker.rows[table].clear()
        db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
