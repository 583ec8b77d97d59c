#!/usr/bin/env python3
"""Adds up a ledger again, by another program: what `report` and `month` say must be equal to the won.

    recount.py LEDGER [--tax-free] ANSWER.json ...

Each answer is what `billkey report --json` or `billkey month --json` has printed; it says itself of which time, by what
and in which zone it is. Whatever differs is printed, a line each, and the exit status is 1.

This shares nothing with the program: it reads the tables of payments, refunds, records and cancellations, and follows
the rules as `docs/contract.md` has them, with whole numbers of the smallest unit throughout.
"""

import datetime
import decimal
import json
import sqlite3
import sys

SUMS = (
    "count gross refunded_same refunded_earlier supply vat tax_free declined declined_amount unknown further "
    "further_amount"
).split()
MONEY = "gross refunded refunded_same refunded_earlier net supply vat tax_free declined_amount further_amount".split()
WALLETS = {"kakaopay", "naverpay", "tosspay", "tosspay_v2", "payco", "paypal", "paypal_v2"}
PHONES = {"danal", "mobilians"}
DIGITS = {"KRW": 0, "JPY": 0, "USD": 2}

PAYMENTS = """
SELECT id, merchant_uid, customer_uid, amount_minor, currency, mode, sandbox, outcome, name, requested_at_ms,
       last_send_ms, paid_at_s, cancelled_at_s, imp_uid, coalesce(cancel_amount_minor, 0), card_name, pg_provider,
       tax_recorded, tax_free_minor, vat_amount_minor, outside_minor, outside_at_ms
  FROM payments"""
REFUNDS = """
SELECT payment_id, imp_uid, refund_id, amount_minor, tax_free_minor, vat_amount_minor,
       coalesce(refunded_at_s * 1000, sent_ms), cancellation_id
  FROM refunds WHERE outcome = 'refunded' ORDER BY id"""
HISTORIES = """
SELECT payment_id, imp_uid, amount_minor, at_s, reason, cancellation_id FROM cancellations ORDER BY payment_id, nth"""
RECORDS = """
SELECT payment_id, imp_uid, status, amount_minor, cancelled_minor, currency, sandbox FROM records
 WHERE status IN ('paid', 'cancelled', 'canceled')"""


def nearest(numerator, denominator):
    """A quotient of what is not negative, rounded to the nearest whole number, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def split(amount, tax_free, vat, all_free):
    """(supply, vat, tax-free) of an amount, and how the VAT is known."""
    if tax_free is None:
        tax_free = amount if all_free else 0
    tax_free = min(tax_free, amount)
    taxed = amount - tax_free
    if vat is None:
        basis, vat = "derived", nearest(taxed, 11)
    elif vat == 0 and tax_free == 0:
        basis = "zero_rated"
    else:
        basis, vat = "sent", min(vat, taxed)
    return (taxed - vat, vat, tax_free), basis


class Payment:
    def __init__(self, row, all_free):
        (self.id, self.uid, self.customer, self.amount, self.currency, mode, sandbox, self.outcome, self.product,
         self.asked, sent, paid, cancelled, self.imp_uid, self.refunded, self.card, self.pg, taxed, tax_free, vat,
         self.outside, self.outside_at) = row
        self.all_free = all_free
        # The gateway's flag is believed before the profile's word.
        self.mode = {("live", 1): "test", ("test", 0): "live"}.get((mode, sandbox), mode)
        self.profile_mode = mode
        self.paid = self.outcome == "paid"
        self.approved = paid * 1000 if paid is not None else sent if sent is not None else self.asked
        self.cancelled = cancelled * 1000 if cancelled is not None else self.approved
        if not taxed:
            tax_free = vat = None
        self.parts, self.basis = split(self.amount, tax_free, vat, all_free)

    def given_back(self, refunds, history):
        """(at, amount, parts, basis) of all that went back, oldest first."""
        ours = [one for one in refunds if one[1] == self.imp_uid]
        history = [one for one in history if one[1] == self.imp_uid]
        backs = []
        if self.refunded and sum(one[2] for one in history) == self.refunded:
            for _, _, amount, at, reason, cancellation in history:
                mine = [
                    one for one in ours
                    if (reason or "").rstrip().endswith(one[2])
                    or (one[7] is not None and one[7] == cancellation)
                ]
                named = mine[0][4:6] if mine else (None, None)
                backs.append((self.cancelled if at is None else at * 1000, amount, named))
        elif self.refunded:
            backs = [(one[6], one[3], one[4:6]) for one in ours]
            rest = self.refunded - sum(one[1] for one in backs)
            if rest > 0:
                backs.append((self.cancelled, rest, (None, None)))
        if self.outside:
            backs.append((self.outside_at, self.outside, (None, None)))
        backs.sort(key=lambda back: back[0])
        left, parts_left, lines = self.amount, list(self.parts), []
        for at, amount, (tax_free, vat) in backs:
            basis = self.basis
            if tax_free is not None or vat is not None:
                parts, basis = split(amount, tax_free, vat, self.all_free)
            elif 0 < left <= amount:
                # The last of it takes what is left of each part; more than all of it has its share once more.
                more = self.share(amount - left)
                parts = [one + other for one, other in zip(parts_left, more)]
            else:
                parts = self.share(amount)
            left -= amount
            parts_left = [one - other for one, other in zip(parts_left, parts)]
            lines.append((at, amount, parts, basis))
        return lines

    def share(self, amount):
        of = lambda part: nearest(part * amount, max(self.amount, 1))
        vat, tax_free = of(self.parts[1]), of(self.parts[2])
        return (amount - vat - tax_free, vat, tax_free)

    def status(self):
        left = max(self.amount - self.refunded - self.outside, 0)
        if self.paid and left == 0 and self.amount > 0:
            return "cancelled"
        return "partly_cancelled" if self.paid and left < self.amount else self.outcome

    def means(self):
        return self.pg if self.pg in WALLETS else "phone" if self.pg in PHONES else "card"


class Book:
    """Everything in the ledger, a payment at a time with what belongs to it."""

    def __init__(self, path, all_free):
        self.db, self.all_free, self.count = sqlite3.connect(f"file:{path}?mode=ro", uri=True), all_free, 0
        self.refunds, self.histories, self.records = {}, {}, {}
        for into, sql in ((self.refunds, REFUNDS), (self.histories, HISTORIES), (self.records, RECORDS)):
            for row in self.db.execute(sql):
                into.setdefault(row[0], []).append(row)

    def payments(self):
        for row in self.db.execute(PAYMENTS):
            one = Payment(row, self.all_free)
            one.backs = []
            if one.paid and (one.refunded or one.outside):
                one.backs = one.given_back(self.refunds.get(one.id, ()), self.histories.get(one.id, ()))
            one.others = self.others(one)
            self.count += 1
            yield one

    def others(self, payment):
        """What further payments under the order hold: (how many, how much in the payment's currency)."""
        count = held = 0
        for _, imp_uid, _, amount, cancelled, currency, sandbox in self.records.get(payment.id, ()):
            if imp_uid == payment.imp_uid or (payment.profile_mode == "live" and sandbox == 1):
                continue
            rest = None if amount is None else amount - (cancelled or 0)
            if rest is not None and rest <= 0:
                continue
            count += 1
            held += rest if rest is not None and currency == payment.currency else 0
        return count, held


class Sums:
    """The sums by (mode, currency) and by (key, VAT basis, mode, currency), of payments of a time."""

    def __init__(self, by, since, until, by_request, zone):
        self.by, self.since, self.until, self.by_request, self.zone = by, since, until, by_request, zone
        self.totals, self.rows = {}, {}

    def key(self, payment, at, basis):
        if self.by in ("day", "month"):
            form = "%Y-%m-%d" if self.by == "day" else "%Y-%m"
            return datetime.datetime.fromtimestamp(at // 1000, self.zone).strftime(form), None
        if self.by in ("means", "company"):
            return payment.means() if self.by == "means" else payment.card or "", basis
        return {
            "customer": payment.customer,
            "card": payment.card or "",
            "product": payment.product,
            "status": payment.status(),
            "reason": "",
        }[self.by], None

    def add(self, payment, at, basis, **more):
        group = (payment.mode, payment.currency)
        into = [self.totals.setdefault(group, dict.fromkeys(SUMS, 0))]
        if not (self.by == "reason" and payment.paid):
            into.append(self.rows.setdefault(self.key(payment, at, basis) + group, dict.fromkeys(SUMS, 0)))
        for sums in into:
            for name, number in more.items():
                sums[name] += number

    def take(self, payment):
        own = payment.approved if payment.paid and not self.by_request else payment.asked
        is_of_time = self.since <= own < self.until
        if is_of_time:
            further, held = payment.others
            more = {"further": further, "further_amount": held}
            if payment.paid:
                supply, vat, tax_free = payment.parts
                more.update(count=1, gross=payment.amount, supply=supply, vat=vat, tax_free=tax_free)
            elif payment.outcome in ("declined", "rejected"):
                more.update(declined=1, declined_amount=payment.amount)
            elif payment.outcome in ("unknown", "pending"):
                more["unknown"] = 1
            self.add(payment, own, payment.basis, **more)
        for at, amount, (supply, vat, tax_free), basis in payment.backs:
            if self.since <= at < self.until:
                which = "refunded_same" if is_of_time else "refunded_earlier"
                self.add(payment, at, basis, supply=-supply, vat=-vat, tax_free=-tax_free, **{which: amount})


def expected(sums, currency):
    """A row as the program shows it, money as exact numbers."""
    row = dict(sums)
    row["refunded"] = sums["refunded_same"] + sums["refunded_earlier"]
    row["net"] = sums["gross"] - row["refunded"]
    assert row["net"] == sums["supply"] + sums["vat"] + sums["tax_free"], row
    unit = decimal.Decimal(10) ** DIGITS[currency]
    for name in MONEY:
        row[name] = decimal.Decimal(row[name]) / unit
    answered = sums["count"] + sums["declined"]
    row["decline_rate"] = (
        decimal.Decimal(nearest(1000 * sums["declined"], answered)) / 10 if answered else None
    )
    return row


def differences(what, made, told, name_of):
    """Each row that is there and each that should be, held against the other."""
    found = {}
    for row in told:
        name = name_of(row)
        if name in found:
            yield f"{what}: {name} is there twice"
        found[name] = row
    for name in sorted(set(made) | set(found), key=str):
        if name not in found:
            yield f"{what}: {name} is missing, {made[name]}"
            continue
        if name not in made:
            yield f"{what}: {name} should not be there"
            continue
        for field, value in expected(made[name], name[-1]).items():
            if found[name][field] != value:
                yield f"{what}: {name} {field} is {found[name][field]}, and should be {value}"


class Answer:
    """What the program has printed, and the same sums on their way."""

    def __init__(self, printed):
        self.printed = printed
        head = printed.get("head", printed)
        zone = datetime.timezone(datetime.timedelta(hours=9)) if head["zone"] == "Asia/Seoul" else None
        if zone is None:
            import zoneinfo

            zone = zoneinfo.ZoneInfo(head["zone"])
        times = [datetime.datetime.fromisoformat(head[name]) for name in ("since", "until")]
        since, until = (int(time.timestamp()) * 1000 for time in times)
        if "head" in printed:
            kinds = [("means", printed["rows"]), ("company", printed["companies"])]
            self.title = f"month {head['month']}"
        else:
            kinds = [(printed["by"], printed["rows"])]
            self.title = f"report by {printed['by']}, {head['basis']}, {head['since']} to {head['until']}"
        by_request = head["basis"] == "request"
        self.kinds = [(Sums(by, since, until, by_request, zone), rows) for by, rows in kinds]

    def take(self, payment):
        for sums, _ in self.kinds:
            sums.take(payment)

    def wrong(self):
        group_of = lambda row: (row["mode"], row["currency"])
        for sums, rows in self.kinds:
            yield from differences(f"{self.title}: total", sums.totals, self.printed["totals"], group_of)
            if sums.by != "reason":
                name_of = lambda row: (row["key"] or "", row["vat_basis"], row["mode"], row["currency"])
                yield from differences(self.title, sums.rows, rows, name_of)
                continue
            # What the words of a refusal mean is not looked up here: the rows come to what they come to together.
            together = {}
            for row in rows:
                told = together.setdefault(group_of(row), dict.fromkeys(SUMS, 0))
                for name in SUMS:
                    told[name] += int(row[name] * (10 ** DIGITS[row["currency"]] if name in MONEY else 1))
            for (_, _, *group), made in sums.rows.items():
                told = together.pop(tuple(group), None)
                if told != made:
                    yield f"{self.title}: {group} comes to {told}, and should to {made}"
            if together:
                yield f"{self.title}: {together} should not be there"


def main(arguments):
    all_free = "--tax-free" in arguments
    ledger, *paths = [argument for argument in arguments if argument != "--tax-free"]
    answers = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            answers.append(Answer(json.load(file, parse_float=decimal.Decimal, parse_int=int)))
    book = Book(ledger, all_free)
    for payment in book.payments():
        for answer in answers:
            answer.take(payment)
    wrong = [line for answer in answers for line in answer.wrong()]
    print("\n".join(wrong[:40]))
    rows = sum(len(rows) for answer in answers for _, rows in answer.kinds)
    print(f"{book.count} payments, {rows} rows, {len(wrong)} differences")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
