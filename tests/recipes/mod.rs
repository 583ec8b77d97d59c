//! What the README tells people to paste, and what its lines say when they fail.

mod mail;
