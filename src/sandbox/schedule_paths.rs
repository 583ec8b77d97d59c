//! The paths of scheduled payments.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};

use crate::sandbox::call::Call;
use crate::sandbox::fault_table::Place;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::scheduling;
use crate::sandbox::serve::serve_at;

type Shared = State<Arc<Gateway>>;

pub(super) fn schedule_paths() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/subscribe/payments/schedule", get(in_range).post(create))
        .route("/subscribe/payments/unschedule", post(revoke))
        .route("/subscribe/payments/schedule/{merchant_uid}", get(show).put(change))
        .route("/subscribe/payments/schedule/{merchant_uid}/reschedule", post(reschedule))
        .route("/subscribe/payments/schedule/{merchant_uid}/retry", post(retry))
        .route("/subscribe/payments/schedule/customers/{customer_uid}", get(of_customer))
        .route("/subscribe/customers/{customer_uid}/schedules", get(of_customer))
}

async fn create(State(gateway): Shared, call: Call) -> Response {
    serve_at(&gateway, &call, Place::Schedule, Vec::new(), |ask| scheduling::create(&gateway, ask, &call))
        .await
}

async fn revoke(State(gateway): Shared, call: Call) -> Response {
    serve_at(&gateway, &call, Place::Schedule, Vec::new(), |_| scheduling::revoke(&gateway, &call)).await
}

async fn in_range(State(gateway): Shared, call: Call) -> Response {
    serve_at(&gateway, &call, Place::Schedule, Vec::new(), |ask| scheduling::in_range(&gateway, ask, &call))
        .await
}

async fn of_customer(State(gateway): Shared, Path(customer_uid): Path<String>, call: Call) -> Response {
    serve_at(&gateway, &call, Place::Schedule, Vec::new(), |ask| {
        scheduling::of_customer(&gateway, ask, &call, &customer_uid)
    })
    .await
}

async fn show(State(gateway): Shared, Path(merchant_uid): Path<String>, call: Call) -> Response {
    let named = vec![merchant_uid.clone()];
    serve_at(&gateway, &call, Place::Schedule, named, |_| scheduling::show(&gateway, &merchant_uid)).await
}

async fn change(State(gateway): Shared, Path(merchant_uid): Path<String>, call: Call) -> Response {
    let named = vec![merchant_uid.clone()];
    serve_at(&gateway, &call, Place::Schedule, named, |_| scheduling::change(&gateway, &call, &merchant_uid))
        .await
}

async fn reschedule(State(gateway): Shared, Path(merchant_uid): Path<String>, call: Call) -> Response {
    let named = vec![merchant_uid.clone()];
    serve_at(&gateway, &call, Place::Schedule, named, |_| {
        scheduling::reschedule(&gateway, &call, &merchant_uid)
    })
    .await
}

async fn retry(State(gateway): Shared, Path(merchant_uid): Path<String>, call: Call) -> Response {
    let named = vec![merchant_uid.clone()];
    serve_at(&gateway, &call, Place::Schedule, named, |_| scheduling::retry(&gateway, &merchant_uid)).await
}
