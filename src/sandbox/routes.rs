//! Which endpoint does what, and the order in which every call goes through its checks.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Router, middleware};

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::{Ask, Gateway};
use crate::sandbox::billing_key::{self, BillingKey};
use crate::sandbox::call::Call;
use crate::sandbox::charge::{charge, count_request};
use crate::sandbox::door::enter;
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::Place;
use crate::sandbox::faults::FaultPlan;
use crate::sandbox::refund::cancel;
use crate::sandbox::window::SDK_PATH;
use crate::sandbox::{control, lookup, token, window};

type Shared = State<Arc<Gateway>>;

/// Builds the table of endpoints.
pub(super) fn router(gateway: Arc<Gateway>) -> Router {
    let paths = Router::new()
        .route("/users/getToken", post(get_token))
        .route("/users/pg", get(channels))
        .route("/subscribe/payments/again", post(again))
        .route("/payments/cancel", post(refund))
        .route("/payments", get(payments))
        .route("/payments/{imp_uid}", get(payment))
        .route("/payments/find/{merchant_uid}", get(find))
        .route("/payments/find/{merchant_uid}/{status}", get(find_with_status))
        .route("/payments/findAll/{merchant_uid}", get(find_all))
        .route("/payments/findAll/{merchant_uid}/{status}", get(find_all_with_status))
        .route("/payments/status/{status}", get(by_status))
        .route("/subscribe/customers", get(customers))
        .route("/subscribe/customers/{customer_uid}", get(customer).delete(delete_customer))
        .route("/subscribe/customers/{customer_uid}/payments", get(customer_payments))
        .route(SDK_PATH, get(sdk))
        .route("/_sandbox/window", get(pg_window).post(register_in_window))
        .route("/_sandbox/book", get(book))
        .route("/_sandbox/faults", put(set_faults))
        .route("/_sandbox/billing-keys", post(save_billing_key))
        .route("/_sandbox/token/revoke", post(revoke_tokens))
        .route("/_sandbox/maintenance", get(maintenance))
        .fallback(nowhere)
        .method_not_allowed_fallback(no_such_method)
        .with_state(gateway);
    // A path is changed before it is looked up only by what lies around the whole table.
    Router::new().fallback_service(paths).layer(middleware::from_fn(enter))
}

/// Takes one call through faults, authentication and work, and answers it.
///
/// Everything up to the answer happens without waiting, so that a client that goes away can stop a
/// request only by not having sent all of it.
async fn serve(
    ask: Result<Ask<'_>, SandboxError>,
    call: &Call,
    work: impl FnOnce(&Ask<'_>) -> Result<Answer, SandboxError>,
) -> Response {
    match ask {
        Ok(ask) => {
            let answer = match ask.answer_before_work(call) {
                Some(answer) => answer.finally(),
                None => work(&ask).unwrap_or_else(|error| broken(&error)),
            };
            answer.send(&ask, call.connection.as_ref()).await
        }
        Err(error) => broken(&error).send_plain(),
    }
}

/// Does the work only for a call with a living token.
fn authorized(
    gateway: &Gateway,
    ask: &Ask<'_>,
    call: &Call,
    work: impl FnOnce() -> Result<Answer, SandboxError>,
) -> Result<Answer, SandboxError> {
    match token::refuse(gateway, ask, call)? {
        Some(answer) => Ok(answer.finally()),
        None => work(),
    }
}

/// Tells the client that the sandbox itself is at its end, for example because its disk is full.
fn broken(error: &SandboxError) -> Answer {
    Answer::error(500, &error.to_string())
}

async fn get_token(State(gateway): Shared, call: Call) -> Response {
    let ask = Ask::new(&gateway, Place::Token, Vec::new());
    serve(Ok(ask), &call, |ask| token::get_token(&gateway, ask, &call)).await
}

async fn again(State(gateway): Shared, call: Call) -> Response {
    let ask = ask_for_charge(&gateway, &call);
    serve(ask, &call, |ask| authorized(&gateway, ask, &call, || charge(&gateway, ask, &call))).await
}

fn ask_for_charge<'a>(gateway: &'a Gateway, call: &Call) -> Result<Ask<'a>, SandboxError> {
    let merchant_uid = call.fields.text("merchant_uid").unwrap_or_default();
    count_request(gateway, "charge", &merchant_uid)?;
    let faults = customer_faults(gateway, call.fields.text("customer_uid"))?;
    Ok(Ask::new(gateway, Place::Charge, vec![merchant_uid]).with_customer_faults(faults))
}

async fn refund(State(gateway): Shared, call: Call) -> Response {
    let ask = ask_for_refund(&gateway, &call);
    serve(ask, &call, |ask| authorized(&gateway, ask, &call, || cancel(&gateway, ask, &call))).await
}

fn ask_for_refund<'a>(gateway: &'a Gateway, call: &Call) -> Result<Ask<'a>, SandboxError> {
    let imp_uid = call.fields.text("imp_uid");
    let merchant_uid = call.fields.text("merchant_uid");
    count_request(gateway, "refund", imp_uid.as_ref().or(merchant_uid.as_ref()).map_or("", String::as_str))?;
    let subject = lookup::subject_of_refund(gateway, imp_uid.as_deref(), merchant_uid.as_deref())?;
    let (merchant_uids, customer_uid) = subject.unzip();
    let faults = customer_faults(gateway, customer_uid)?;
    Ok(Ask::new(gateway, Place::Refund, merchant_uids.into_iter().collect()).with_customer_faults(faults))
}

/// Reads the faults that belong to a customer. They were checked when they were written.
fn customer_faults(gateway: &Gateway, customer_uid: Option<String>) -> Result<FaultPlan, SandboxError> {
    let Some(customer_uid) = customer_uid else { return Ok(FaultPlan::default()) };
    let billing_key = BillingKey::find(gateway.book().read()?, &customer_uid)?;
    billing_key.map_or_else(|| Ok(FaultPlan::default()), |key| FaultPlan::parse(&key.faults))
}

async fn look_up(
    gateway: &Gateway,
    call: &Call,
    merchant_uids: Vec<String>,
    work: impl FnOnce(&Ask<'_>) -> Result<Answer, SandboxError>,
) -> Response {
    let ask = Ask::new(gateway, Place::Lookup, merchant_uids);
    serve(Ok(ask), call, |ask| authorized(gateway, ask, call, || work(ask))).await
}

async fn payment(State(gateway): Shared, Path(imp_uid): Path<String>, call: Call) -> Response {
    match lookup::merchant_uid_of(&gateway, &imp_uid) {
        Ok(merchant_uid) => {
            let named = merchant_uid.into_iter().collect();
            look_up(&gateway, &call, named, |ask| lookup::by_id(&gateway, ask, &call, &imp_uid)).await
        }
        Err(error) => broken(&error).send_plain(),
    }
}

async fn payments(State(gateway): Shared, call: Call) -> Response {
    let named = call.query_list("merchant_uid");
    look_up(&gateway, &call, named, |ask| lookup::by_ids(&gateway, ask, &call)).await
}

async fn find(State(gateway): Shared, Path(merchant_uid): Path<String>, call: Call) -> Response {
    let named = vec![merchant_uid.clone()];
    look_up(&gateway, &call, named, |ask| lookup::find(&gateway, ask, &call, &merchant_uid, None)).await
}

async fn find_with_status(
    State(gateway): Shared,
    Path((merchant_uid, status)): Path<(String, String)>,
    call: Call,
) -> Response {
    let named = vec![merchant_uid.clone()];
    look_up(&gateway, &call, named, |ask| lookup::find(&gateway, ask, &call, &merchant_uid, Some(&status)))
        .await
}

async fn find_all(State(gateway): Shared, Path(merchant_uid): Path<String>, call: Call) -> Response {
    let named = vec![merchant_uid.clone()];
    look_up(&gateway, &call, named, |ask| lookup::find_all(&gateway, ask, &call, &merchant_uid, None)).await
}

async fn find_all_with_status(
    State(gateway): Shared,
    Path((merchant_uid, status)): Path<(String, String)>,
    call: Call,
) -> Response {
    let named = vec![merchant_uid.clone()];
    look_up(&gateway, &call, named, |ask| {
        lookup::find_all(&gateway, ask, &call, &merchant_uid, Some(&status))
    })
    .await
}

async fn by_status(State(gateway): Shared, Path(status): Path<String>, call: Call) -> Response {
    look_up(&gateway, &call, Vec::new(), |ask| lookup::by_status(&gateway, ask, &call, &status)).await
}

async fn customer_payments(State(gateway): Shared, Path(customer_uid): Path<String>, call: Call) -> Response {
    look_up(&gateway, &call, Vec::new(), |ask| lookup::of_customer(&gateway, ask, &call, &customer_uid)).await
}

async fn about_customers(
    gateway: &Gateway,
    call: &Call,
    work: impl FnOnce(&Ask<'_>) -> Result<Answer, SandboxError>,
) -> Response {
    let ask = Ask::new(gateway, Place::Customer, Vec::new());
    serve(Ok(ask), call, |ask| authorized(gateway, ask, call, || work(ask))).await
}

async fn customers(State(gateway): Shared, call: Call) -> Response {
    about_customers(&gateway, &call, |_| billing_key::show_many(&gateway, &call)).await
}

async fn customer(State(gateway): Shared, Path(customer_uid): Path<String>, call: Call) -> Response {
    about_customers(&gateway, &call, |ask| billing_key::show(&gateway, ask, &customer_uid)).await
}

async fn delete_customer(State(gateway): Shared, Path(customer_uid): Path<String>, call: Call) -> Response {
    about_customers(&gateway, &call, |ask| billing_key::delete(&gateway, ask, &customer_uid)).await
}

async fn channels(State(gateway): Shared, call: Call) -> Response {
    about_customers(&gateway, &call, |_| Ok(billing_key::channels())).await
}

/// Answers a call to the control face, where no fault applies.
fn controlled(answer: Result<Answer, SandboxError>) -> Response {
    answer.unwrap_or_else(|error| broken(&error)).send_plain()
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

async fn revoke_tokens(State(gateway): Shared) -> Response {
    controlled(control::revoke_tokens(&gateway))
}

async fn maintenance() -> Response {
    Answer::page(503, "Under Maintenance").send_plain()
}

/// Answers in the gateway's own JSON, and only to a call that has a token.
async fn not_served(gateway: &Gateway, call: &Call, status: u16, message: &str) -> Response {
    let ask = Ask::new(gateway, Place::Other, Vec::new());
    serve(Ok(ask), call, |ask| authorized(gateway, ask, call, || Ok(Answer::error(status, message)))).await
}

async fn nowhere(State(gateway): Shared, call: Call) -> Response {
    not_served(&gateway, &call, 404, "Not Found").await
}

async fn no_such_method(State(gateway): Shared, call: Call) -> Response {
    not_served(&gateway, &call, 405, "Method Not Allowed").await
}
