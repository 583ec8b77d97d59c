//! What a payment is and what may happen to it: values and rules, no IO.

pub mod answer;
pub mod card_number;
pub mod charge;
pub mod customer;
pub mod declines;
pub mod drift;
pub mod ids;
pub mod lookup;
pub mod money;
pub mod payment;
pub mod period;
pub mod protocol;
pub mod reason;
pub mod secret;
pub mod standing;
pub mod text;
pub mod time;
pub mod words;
