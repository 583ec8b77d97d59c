//! What a payment is and what may happen to it: values and rules, no IO.

pub mod answer;
pub mod beside;
pub mod card_number;
pub mod charge;
pub mod customer;
pub mod declines;
pub mod drift;
pub mod ids;
pub mod lookup;
pub mod mask;
pub mod money;
pub mod near;
pub mod order;
pub mod payment;
pub mod period;
pub mod pressure;
pub mod protocol;
pub mod reason;
pub mod record;
pub mod refund;
pub mod secret;
pub mod standing;
pub mod tax;
pub mod text;
pub mod time;
pub mod words;
