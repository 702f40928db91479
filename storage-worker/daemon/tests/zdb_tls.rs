//! `granary zdb serve` with a certificate: redis-cli connects encrypted, mistakes are told.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod common;

use common::{free_port, granary, serve_zdb, text, wait_for_port};
use std::{fs, path::Path, process::Command};

/// A self-signed certificate and its key, as an operator makes them.
fn certificate(dir: &Path) -> (String, String) {
	let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
	let made = Command::new("openssl")
		.args([
			"req",
			"-x509",
			"-newkey",
			"ed25519",
			"-nodes",
			"-days",
			"2",
			"-subj",
			"/CN=localhost",
		])
		.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"])
		.arg(&key)
		.arg("-out")
		.arg(&cert)
		.output()
		.unwrap();
	assert!(made.status.success(), "{}", text(&made.stderr));
	(cert.to_str().unwrap().to_owned(), key.to_str().unwrap().to_owned())
}

#[test]
fn redis_cli_talks_over_tls() {
	let dir = tempfile::tempdir().unwrap();
	let (cert, key) = certificate(dir.path());
	let (port, tls_port) = (free_port(), free_port());
	let address = format!("127.0.0.1:{tls_port}");
	let more = ["--tls-listen", &address, "--tls-cert", &cert, "--tls-key", &key];
	let _server = serve_zdb(&dir.path().join("data"), port, &more);
	wait_for_port(tls_port);
	let ask = |more: &[&str]| {
		Command::new("redis-cli")
			.args(["-h", "localhost", "-p", &tls_port.to_string(), "--tls"])
			.args(more)
			.output()
			.unwrap()
	};
	let trusting = ["--cacert", &cert];
	assert_eq!(text(&ask(&[&trusting[..], &["SET", "key", "value"]].concat()).stdout), "key\n");
	assert_eq!(text(&ask(&[&trusting[..], &["GET", "key"]].concat()).stdout), "value\n");
	let distrusting = ask(&["GET", "key"]);
	assert!(!text(&distrusting.stdout).contains("value"), "the certificate is nobody's we know");
	let old = ["-connect", &address, "-tls1_2"];
	let shaken = Command::new("openssl").arg("s_client").args(old).output().unwrap();
	assert!(!shaken.status.success(), "TLS 1.2 was spoken: {}", text(&shaken.stdout));
}

#[test]
fn a_certificate_that_does_not_fit_is_told_at_once() {
	let dir = tempfile::tempdir().unwrap();
	let (cert, key) = certificate(dir.path());
	let elsewhere = tempfile::tempdir().unwrap();
	let (_, other_key) = certificate(elsewhere.path());
	let readable = dir.path().join("readable.pem");
	fs::copy(&key, &readable).unwrap();
	let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
	fs::set_permissions(&readable, mode).unwrap();
	let readable = readable.to_str().unwrap();
	for (certificate, key, says) in [
		(cert.as_str(), other_key.as_str(), "using the certificate"),
		(&key, &key, "using the certificate"),
		(&cert, readable, "chmod 600"),
		("/nonexistent", &key, "reading /nonexistent"),
	] {
		let output = granary()
			.args(["zdb", "serve", "--tls-listen", "127.0.0.1:0", "--tls-cert", certificate])
			.args(["--tls-key", key, "--dir"])
			.arg(dir.path().join("data"))
			.output()
			.unwrap();
		assert_eq!(output.status.code(), Some(1));
		assert!(text(&output.stderr).contains(says), "{}", text(&output.stderr));
	}
}
