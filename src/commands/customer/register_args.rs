//! What `billkey customer register` is asked for.

use clap::Args;

const HELP: &str = "\
A page on this machine opens the PG's window. When the window is done, the
gateway is asked whether the billing key is there; only then is the customer
saved. No card is seen by billkey. What happens on the page is told here, and
before it ends in vain billkey asks for the card once more.

With --amount 0 the card is registered and, with nearly every PG, nothing is
charged. Where something is, it is said before the window opens.

Examples:
  billkey --sandbox customer register gildong_0001_5678 --name 홍길동
  billkey --sandbox customer register --name 홍길동 --tel 010-0000-5678 \\
      --no-open --wait 1h
  billkey --sandbox customer register gildong_0001_5678 \\
      --pg tosspayments --json

Exit codes:
  0 registered and saved, also when it was interrupted at that moment
  9 no card was registered in time, or the port is taken
  130 interrupted   3 the profile has no imp_code
  1, 2, 4 as usual; see `billkey help exit-codes`";

/// Register a customer's card in the browser
///
/// Opens the PG's window on a page of this machine, waits until the card is registered, checks that
/// with the gateway and saves the customer. For a customer who sits beside you, or whose browser is
/// on this machine. To a customer elsewhere a link can be sent: `billkey customer link`; a web shop takes `billkey
/// customer listen`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = HELP)]
pub struct RegisterArgs {
    #[command(flatten)]
    pub window: WindowArgs,

    /// Open no browser; the address is printed
    #[arg(long, help_heading = "How to ask")]
    pub no_open: bool,

    /// The port of the page on 127.0.0.1; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "How to ask")]
    pub port: u16,

    /// How long to wait for the card: 90s, 10m, 1h
    #[arg(long, value_name = "DURATION", default_value = "10m", help_heading = "How to ask")]
    pub wait: String,
}

/// Whose card is registered, and what the PG's window is told: of `customer register` and `customer link`.
#[derive(Clone, Debug, Args)]
pub struct WindowArgs {
    /// The name to register the card under [default: made from the name and a random part]
    #[arg(value_name = "CUSTOMER_UID")]
    pub customer_uid: Option<String>,

    /// The customer's name; some PGs need it
    #[arg(long, value_name = "NAME", help_heading = "Who registers")]
    pub name: Option<String>,

    /// The customer's e-mail address; some PGs need it
    #[arg(long, value_name = "EMAIL", help_heading = "Who registers")]
    pub email: Option<String>,

    /// The customer's telephone number; some PGs need it
    #[arg(long, value_name = "TEL", help_heading = "Who registers")]
    pub tel: Option<String>,

    /// The order id of the registration [default: a random one]
    #[arg(long, value_name = "ID", help_heading = "What the window is told")]
    pub merchant_uid: Option<String>,

    /// The amount in won; 0 registers only, more is charged by some PGs
    #[arg(long, value_name = "AMOUNT", default_value = "0", help_heading = "What the window is told")]
    pub amount: String,

    /// What the window calls it
    #[arg(long, value_name = "TEXT", default_value = "카드 등록", help_heading = "What the window is told")]
    pub product: String,

    /// How it is paid: card, phone, tosspay, …
    #[arg(long, value_name = "METHOD", default_value = "card", help_heading = "What the window is told")]
    pub pay_method: String,

    /// The PG, as PROVIDER or PROVIDER.MID, instead of the profile's
    #[arg(long, value_name = "PG", conflicts_with = "channel_key", help_heading = "What the window is told")]
    pub pg: Option<String>,

    /// The key of the payment channel, instead of the profile's
    #[arg(long, value_name = "KEY", help_heading = "What the window is told")]
    pub channel_key: Option<String>,
}
