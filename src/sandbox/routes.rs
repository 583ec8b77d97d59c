//! Which path of the API leads to what.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, middleware};

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::billing_key::{self, BillingKey};
use crate::sandbox::call::Call;
use crate::sandbox::charge::{charge, count_request, onetime};
use crate::sandbox::control_paths::control_paths;
use crate::sandbox::door::enter;
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::Place;
use crate::sandbox::faults::FaultPlan;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::refund::cancel;
use crate::sandbox::schedule_paths::schedule_paths;
use crate::sandbox::serve::{authorized, broken, serve, serve_at};
use crate::sandbox::{lookup, reference, token};

type Shared = State<Arc<Gateway>>;

/// Builds the table of endpoints.
pub(super) fn router(gateway: Arc<Gateway>) -> Router {
    let paths = Router::new()
        .route("/users/getToken", post(get_token))
        .route("/users/pg", get(channels))
        .route("/subscribe/payments/again", post(again))
        .route("/subscribe/payments/onetime", post(pay_once))
        // Two clients call it by this name for cards from abroad; the published schema has it no more.
        .route("/subscribe/payments/foreign", post(pay_once))
        .route("/payments/cancel", post(refund))
        .route("/payments", get(payments))
        .route("/payments/{imp_uid}", get(payment))
        .route("/payments/{imp_uid}/balance", get(balance))
        .route("/payments/prepare", post(prepare).put(prepare_again))
        .route("/payments/prepare/{merchant_uid}", get(prepared))
        .route("/payments/find/{merchant_uid}", get(find))
        .route("/payments/find/{merchant_uid}/{status}", get(find_with_status))
        .route("/payments/findAll/{merchant_uid}", get(find_all))
        .route("/payments/findAll/{merchant_uid}/{status}", get(find_all_with_status))
        .route("/payments/status/{status}", get(by_status))
        .route("/subscribe/customers", get(customers))
        .route("/subscribe/customers/{customer_uid}", get(customer).post(issue).delete(delete_customer))
        .route("/subscribe/customers/{customer_uid}/payments", get(customer_payments))
        .route("/certifications/{imp_uid}", get(certification).delete(certification))
        .route("/vbanks", post(vbank))
        .route("/cards", get(cards))
        .route("/cards/{code}", get(card))
        .merge(schedule_paths())
        .merge(control_paths())
        .fallback(nowhere)
        .method_not_allowed_fallback(no_such_method)
        .with_state(gateway);
    // A path is changed before it is looked up only by what lies around the whole table.
    Router::new().fallback_service(paths).layer(middleware::from_fn(enter))
}

async fn get_token(State(gateway): Shared, call: Call) -> Response {
    let ask = Ask::new(&gateway, Place::Token, Vec::new());
    serve(&gateway, Ok(ask), &call, |ask| token::get_token(&gateway, ask, &call)).await
}

async fn again(State(gateway): Shared, call: Call) -> Response {
    let ask = ask_for_charge(&gateway, &call);
    serve(&gateway, ask, &call, |ask| authorized(&gateway, ask, &call, || charge(&gateway, ask, &call))).await
}

async fn pay_once(State(gateway): Shared, call: Call) -> Response {
    let ask = ask_for_charge(&gateway, &call);
    serve(&gateway, ask, &call, |ask| authorized(&gateway, ask, &call, || onetime(&gateway, ask, &call)))
        .await
}

fn ask_for_charge<'a>(gateway: &'a Gateway, call: &Call) -> Result<Ask<'a>, SandboxError> {
    let merchant_uid = call.fields.text("merchant_uid").unwrap_or_default();
    count_request(gateway, "charge", &merchant_uid)?;
    let faults = customer_faults(gateway, call.fields.text("customer_uid"))?;
    Ok(Ask::new(gateway, Place::Charge, vec![merchant_uid]).with_customer_faults(faults))
}

async fn refund(State(gateway): Shared, call: Call) -> Response {
    let ask = ask_for_refund(&gateway, &call);
    serve(&gateway, ask, &call, |ask| authorized(&gateway, ask, &call, || cancel(&gateway, ask, &call))).await
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
    serve_at(gateway, call, Place::Lookup, merchant_uids, work).await
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

async fn balance(State(gateway): Shared, Path(imp_uid): Path<String>, call: Call) -> Response {
    look_up(&gateway, &call, Vec::new(), |ask| reference::balance(&gateway, ask, &imp_uid)).await
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
    serve_at(gateway, call, Place::Customer, Vec::new(), work).await
}

async fn customers(State(gateway): Shared, call: Call) -> Response {
    about_customers(&gateway, &call, |_| billing_key::show_many(&gateway, &call)).await
}

async fn customer(State(gateway): Shared, Path(customer_uid): Path<String>, call: Call) -> Response {
    about_customers(&gateway, &call, |ask| billing_key::show(&gateway, ask, &customer_uid)).await
}

async fn issue(State(gateway): Shared, Path(customer_uid): Path<String>, call: Call) -> Response {
    about_customers(&gateway, &call, |ask| billing_key::issue(&gateway, ask, &call, &customer_uid)).await
}

async fn delete_customer(State(gateway): Shared, Path(customer_uid): Path<String>, call: Call) -> Response {
    about_customers(&gateway, &call, |ask| billing_key::delete(&gateway, ask, &customer_uid)).await
}

async fn channels(State(gateway): Shared, call: Call) -> Response {
    about_customers(&gateway, &call, |_| Ok(billing_key::channels())).await
}

/// Serves what belongs to no other place, and tells of what does not exist: in the gateway's own JSON, and
/// only to a call that has a token.
async fn elsewhere(
    gateway: &Gateway,
    call: &Call,
    work: impl FnOnce() -> Result<Answer, SandboxError>,
) -> Response {
    serve_at(gateway, call, Place::Other, Vec::new(), |_| work()).await
}

/// Nobody is ever certified here.
async fn certification(State(gateway): Shared, call: Call) -> Response {
    elsewhere(&gateway, &call, || Ok(reference::no_certification())).await
}

async fn vbank(State(gateway): Shared, call: Call) -> Response {
    elsewhere(&gateway, &call, || Ok(reference::no_vbank())).await
}

async fn cards(State(gateway): Shared, call: Call) -> Response {
    elsewhere(&gateway, &call, || Ok(reference::cards())).await
}

async fn card(State(gateway): Shared, Path(code): Path<String>, call: Call) -> Response {
    elsewhere(&gateway, &call, || Ok(reference::card(&code))).await
}

async fn prepare(State(gateway): Shared, call: Call) -> Response {
    elsewhere(&gateway, &call, || reference::prepare(&gateway, &call, false)).await
}

async fn prepare_again(State(gateway): Shared, call: Call) -> Response {
    elsewhere(&gateway, &call, || reference::prepare(&gateway, &call, true)).await
}

async fn prepared(State(gateway): Shared, Path(merchant_uid): Path<String>, call: Call) -> Response {
    elsewhere(&gateway, &call, || reference::prepared(&gateway, &merchant_uid)).await
}

async fn nowhere(State(gateway): Shared, call: Call) -> Response {
    elsewhere(&gateway, &call, || Ok(Answer::error(404, "Not Found"))).await
}

async fn no_such_method(State(gateway): Shared, call: Call) -> Response {
    elsewhere(&gateway, &call, || Ok(Answer::error(405, "Method Not Allowed"))).await
}
