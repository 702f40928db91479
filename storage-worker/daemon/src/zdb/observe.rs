//! `/metrics` for Prometheus, `/healthz` and `/readyz`, over HTTP.

use anyhow::{Context, Result};
use granary_zdb::Metrics;
use http_body_util::Full;
use hyper::{
	body::{Bytes, Incoming},
	server::conn::http1,
	service::service_fn,
	Method, Request, Response, StatusCode,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tracing::debug;

/// How long a client may take to send its question.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Figures beside those of the store, in the same format.
pub(crate) type More = Arc<dyn Fn() -> String + Send + Sync>;

/// Listens and answers until `end` says so.
pub(crate) async fn start(
	address: SocketAddr,
	metrics: Metrics,
	more: More,
	end: oneshot::Receiver<()>,
) -> Result<JoinHandle<()>> {
	let listener =
		TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
	Ok(tokio::spawn(async move {
		tokio::select! {
			() = accept(listener, metrics, more) => {},
			// The server has ended, or is gone without a word.
			_ = end => {},
		}
	}))
}

async fn accept(listener: TcpListener, metrics: Metrics, more: More) {
	loop {
		let stream = match listener.accept().await {
			Ok((stream, _)) => stream,
			Err(error) => {
				debug!(%error, "a connection could not be accepted");
				tokio::time::sleep(Duration::from_millis(50)).await;
				continue;
			},
		};
		let (metrics, more) = (metrics.clone(), more.clone());
		tokio::spawn(async move {
			let service = service_fn(move |request| {
				let answer = answer(&request, &metrics, &more);
				async move { Ok::<_, Infallible>(answer) }
			});
			let served = http1::Builder::new()
				.timer(TokioTimer::new())
				.header_read_timeout(QUESTION_TIMEOUT)
				.serve_connection(TokioIo::new(stream), service)
				.await;
			if let Err(error) = served {
				debug!(%error, "an HTTP client left");
			}
		});
	}
}

fn answer(request: &Request<Incoming>, metrics: &Metrics, more: &More) -> Response<Full<Bytes>> {
	let (status, text) = match (request.method(), request.uri().path()) {
		(&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, metrics.render() + &more()),
		(&Method::GET | &Method::HEAD, "/healthz") => (StatusCode::OK, "ok\n".to_owned()),
		(&Method::GET | &Method::HEAD, "/readyz") => match metrics.faults() {
			faults if faults.is_empty() => (StatusCode::OK, "ready\n".to_owned()),
			faults => (StatusCode::SERVICE_UNAVAILABLE, faults.join("\n") + "\n"),
		},
		(&Method::GET | &Method::HEAD, _) => {
			(StatusCode::NOT_FOUND, "try /metrics, /healthz or /readyz\n".to_owned())
		},
		_ => (StatusCode::METHOD_NOT_ALLOWED, "only GET\n".to_owned()),
	};
	let mut response = Response::new(Full::new(Bytes::from(text)));
	*response.status_mut() = status;
	response
}
