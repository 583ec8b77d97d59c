//! Fault plans: which faults a sandbox shows, where, for which payment, and how often.
//! [`FAULT_GRAMMAR`] says how a plan is written.

use jiff::fmt::friendly::SpanParser;
use percent_encoding::percent_decode_str;

use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::{Argument, FaultDescription, FaultKind, Place, faults};

/// How a fault plan is written, as `billkey help sandbox` prints it.
pub const FAULT_GRAMMAR: &str = "\
A fault plan is a list of faults, parted by commas, each written

    [PLACE.]NAME[=VALUE][@MERCHANT_UID][*COUNT]

PLACE is charge, refund, lookup, customer, schedule, token or other; without it a
fault holds where its description says. @MERCHANT_UID limits it to one payment,
*COUNT to so many times in the life of the server. A DURATION is such as 500ms, 2s,
5m or 1h30m; a COUNT is a whole number. Inside a value or a MERCHANT_UID, a comma is
written %2C, @ is %40, * is %2A and % is %25.
";

/// The faults a sandbox shows. The default plan is empty: a gateway that behaves.
#[derive(Debug, Clone, Default)]
pub struct FaultPlan {
    items: Vec<Fault>,
}

#[derive(Debug, Clone)]
struct Fault {
    kind: FaultKind,
    place: Option<Place>,
    merchant_uid: Option<String>,
    remaining: Option<u32>,
    value: FaultValue,
}

/// What followed a fault's name, or its default.
#[derive(Debug, Clone)]
pub(super) struct FaultValue {
    /// The text as written, with percent escapes undone.
    pub(super) text: String,
    /// The text as a duration; 0 if the fault takes none.
    pub(super) duration_ms: i64,
    /// The text as a whole number; 0 if the fault takes none.
    pub(super) count: usize,
}

impl FaultPlan {
    /// Reads a plan, for example `lost_after@order_1*1,lookup.slow=2s,hidden=5m`.
    ///
    /// # Errors
    /// [`SandboxError::UnknownFault`] names the nearest known fault; [`SandboxError::BadFault`] says
    /// what is wrong with an item.
    pub fn parse(text: &str) -> Result<FaultPlan, SandboxError> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Ok(FaultPlan { items: items.map(parse_item).collect::<Result<_, _>>()? })
    }

    /// Says whether a fault of this kind holds for this call, and counts it as used if it does.
    pub(super) fn take(
        &mut self,
        kind: FaultKind,
        place: Place,
        merchant_uids: &[String],
    ) -> Option<FaultValue> {
        let fault = self.items.iter_mut().find(|fault| {
            fault.kind == kind
                && fault.place.is_none_or(|wanted| wanted == place)
                && fault.merchant_uid.as_ref().is_none_or(|wanted| merchant_uids.contains(wanted))
                && fault.remaining != Some(0)
        })?;
        fault.remaining = fault.remaining.map(|count| count.saturating_sub(1));
        Some(fault.value.clone())
    }
}

fn parse_item(item: &str) -> Result<Fault, SandboxError> {
    let bad = |why: String| SandboxError::BadFault { item: item.to_owned(), why };
    let (rest, remaining) = match item.rsplit_once('*') {
        None => (item, None),
        Some((rest, count)) => {
            let count = count.parse().map_err(|_| bad(format!("{count:?} after * is not a whole number")))?;
            (rest, Some(count))
        }
    };
    let (rest, merchant_uid) = match rest.split_once('@') {
        None => (rest, None),
        Some((_, "")) => return Err(bad("no merchant_uid follows @".to_owned())),
        Some((rest, merchant_uid)) => (rest, Some(decode(merchant_uid))),
    };
    let (name, value) = match rest.split_once('=') {
        None => (rest, None),
        Some((name, value)) => (name, Some(decode(value))),
    };
    let (place, name) = match name.split_once('.') {
        None => (None, name),
        Some((prefix, name)) => {
            let place = Place::ALL.iter().find(|(known, _)| *known == prefix);
            let (_, place) = place.ok_or_else(|| bad(format!("{prefix:?} is no place; {}", places())))?;
            (Some(*place), name)
        }
    };
    let description = describe(name)?;
    let value = parse_value(description.argument, value).map_err(bad)?;
    Ok(Fault { kind: description.kind, place: place.or(description.place), merchant_uid, remaining, value })
}

fn parse_value(argument: Argument, value: Option<String>) -> Result<FaultValue, String> {
    let plain = |text: String| FaultValue { text, duration_ms: 0, count: 0 };
    match argument {
        Argument::None => match value {
            None => Ok(plain(String::new())),
            Some(value) => Err(format!("it takes no value, and {value:?} was given")),
        },
        Argument::Text(default) => Ok(plain(value.unwrap_or_else(|| default.to_owned()))),
        Argument::Duration(default) => {
            let text = value.unwrap_or_else(|| default.to_owned());
            let duration_ms = parse_duration_ms(&text)
                .ok_or_else(|| format!("{text:?} is no duration; write 500ms, 2s, 5m or 1h"))?;
            Ok(FaultValue { duration_ms, ..plain(text) })
        }
        Argument::Count(default) => {
            let text = value.unwrap_or_else(|| default.to_string());
            let count = text.parse().map_err(|_| format!("{text:?} is not a whole number"))?;
            Ok(FaultValue { count, ..plain(text) })
        }
        Argument::OneOf(words) => {
            let text = value.unwrap_or_else(|| words.first().copied().unwrap_or_default().to_owned());
            if words.contains(&text.as_str()) {
                return Ok(plain(text));
            }
            Err(format!("{text:?} is none of {}", words.join(", ")))
        }
    }
}

/// Reads `500ms`, `2s`, `5m`, `1h30m`, and the same with a minus before it.
fn parse_duration_ms(text: &str) -> Option<i64> {
    SpanParser::new().parse_duration(text).ok().and_then(|duration| duration.as_millis().try_into().ok())
}

fn describe(name: &str) -> Result<&'static FaultDescription, SandboxError> {
    if let Some(known) = faults().iter().find(|known| known.name == name) {
        return Ok(known);
    }
    let nearest = faults().iter().min_by_key(|known| strsim::damerau_levenshtein(known.name, name));
    Err(SandboxError::UnknownFault { name: name.to_owned(), nearest: nearest.map_or("", |known| known.name) })
}

fn places() -> String {
    let names: Vec<&str> = Place::ALL.iter().map(|(name, _)| *name).collect();
    format!("the places are {}", names.join(", "))
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use crate::sandbox::fault_table::{FaultKind, Place, faults};
    use crate::sandbox::faults::FaultPlan;

    #[test]
    fn a_counted_fault_is_used_up() {
        let mut plan = FaultPlan::parse("lost_after*2").unwrap();
        let mut fires = || plan.take(FaultKind::LostAfter, Place::Charge, &[]).is_some();
        assert_eq!([fires(), fires(), fires()], [true, true, false]);
    }

    #[test]
    fn a_scoped_fault_leaves_other_payments_alone() {
        let mut plan = FaultPlan::parse("slow=500ms@주문*1").unwrap();
        assert!(plan.take(FaultKind::Slow, Place::Charge, &["other".to_owned()]).is_none());
        let value = plan.take(FaultKind::Slow, Place::Charge, &["주문".to_owned()]).unwrap();
        assert_eq!(value.duration_ms, 500);
    }

    #[test]
    fn a_duration_may_be_a_sum_and_lie_in_the_past() {
        for (text, ms) in [("1h30m", 5_400_000), ("2s500ms", 2_500), ("-1h", -3_600_000)] {
            let mut plan = FaultPlan::parse(&format!("slow={text}")).unwrap();
            let value = plan.take(FaultKind::Slow, Place::Charge, &[]).unwrap();
            assert_eq!(value.duration_ms, ms, "{text}");
        }
    }

    #[test]
    fn a_prefix_moves_a_fault_to_another_place() {
        let mut plan = FaultPlan::parse("lookup.slow, revoke_token").unwrap();
        assert!(plan.take(FaultKind::Slow, Place::Charge, &[]).is_none());
        assert_eq!(plan.take(FaultKind::Slow, Place::Lookup, &[]).unwrap().duration_ms, 2_000);
        assert!(plan.take(FaultKind::RevokeToken, Place::Customer, &[]).is_some());
    }

    #[test]
    fn a_value_may_hold_what_the_grammar_uses_if_it_is_escaped() {
        let mut plan = FaultPlan::parse("decline=[CC01] a%2Cb %40 %2A=1,reject=").unwrap();
        assert_eq!(plan.take(FaultKind::Decline, Place::Charge, &[]).unwrap().text, "[CC01] a,b @ *=1");
        assert_eq!(plan.take(FaultKind::Reject, Place::Charge, &[]).unwrap().text, "");
    }

    #[test]
    fn a_misspelt_fault_is_answered_with_the_nearest_one() {
        let error = FaultPlan::parse("lost_aftr").unwrap_err().to_string();
        assert!(error.contains("\"lost_aftr\"") && error.contains("\"lost_after\""), "{error}");
    }

    #[test]
    fn a_malformed_item_is_named() {
        let items =
            ["slow=2", "slow=1d", "slow=fast", "slow=", "empty=1", "decline*x", "decline@", "nowhere.slow"];
        for item in items.into_iter().chain(["bulk_cut=few", "bulk_cut=-1", "bulk_shows=some"]) {
            let error = FaultPlan::parse(item).unwrap_err().to_string();
            assert!(error.contains(item), "{item}: {error}");
        }
    }

    #[test]
    fn every_fault_of_the_table_can_be_written_without_a_value() {
        for fault in faults() {
            FaultPlan::parse(fault.name).unwrap();
            assert!(fault.what.ends_with('.'), "{} is not described by a sentence", fault.name);
        }
    }
}
