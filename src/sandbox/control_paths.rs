//! The paths of the control face, and of the JS SDK's stand-in.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post, put};

use crate::sandbox::answer::Answer;
use crate::sandbox::call::Call;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::serve::controlled;
use crate::sandbox::window::SDK_PATH;
use crate::sandbox::{console, control, elsewhere, window};

type Shared = State<Arc<Gateway>>;

pub(super) fn control_paths() -> Router<Arc<Gateway>> {
    Router::new()
        .route(SDK_PATH, get(sdk))
        .route("/_sandbox/window", get(pg_window).post(register_in_window))
        .route("/_sandbox/book", get(book))
        .route("/_sandbox/faults", put(set_faults))
        .route("/_sandbox/billing-keys", post(save_billing_key))
        .route("/_sandbox/payments", post(record_payment).put(change_payment))
        .route("/_sandbox/console-refunds", post(refund_in_console))
        .route("/_sandbox/pg-refunds", post(refund_at_pg))
        .route("/_sandbox/un-cancels", post(uncancel_at_pg))
        .route("/_sandbox/token/revoke", post(revoke_tokens))
        .route("/_sandbox/maintenance", get(maintenance))
}

async fn book(State(gateway): Shared) -> Response {
    controlled(control::book(&gateway))
}

async fn sdk() -> Response {
    window::sdk().send_plain()
}

async fn pg_window() -> Response {
    window::page().send_plain()
}

async fn register_in_window(State(gateway): Shared, call: Call) -> Response {
    controlled(window::register(&gateway, &call))
}

async fn set_faults(State(gateway): Shared, call: Call) -> Response {
    controlled(Ok(control::set_faults(&gateway, &call)))
}

async fn save_billing_key(State(gateway): Shared, call: Call) -> Response {
    controlled(control::save_billing_key(&gateway, &call))
}

async fn record_payment(State(gateway): Shared, call: Call) -> Response {
    controlled(elsewhere::record(&gateway, &call))
}

async fn change_payment(State(gateway): Shared, call: Call) -> Response {
    controlled(elsewhere::change(&gateway, &call))
}

async fn refund_in_console(State(gateway): Shared, call: Call) -> Response {
    controlled(console::refund(&gateway, &call))
}

async fn refund_at_pg(State(gateway): Shared, call: Call) -> Response {
    controlled(console::refund_at_pg(&gateway, &call))
}

async fn uncancel_at_pg(State(gateway): Shared, call: Call) -> Response {
    controlled(console::uncancel(&gateway, &call))
}

async fn revoke_tokens(State(gateway): Shared) -> Response {
    controlled(control::revoke_tokens(&gateway))
}

async fn maintenance() -> Response {
    Answer::page(503, "Under Maintenance").send_plain()
}
