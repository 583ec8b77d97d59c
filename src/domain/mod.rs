//! What a payment is and what may happen to it: values and rules, no IO.
