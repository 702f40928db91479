//! A server within the process, with commands of somebody else's.
#![allow(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	missing_docs,
	reason = "test code"
)]

use granary_zdb::{Extension, Reply, Server, ServerError, ServerOptions, Store, StoreOptions};
use std::{
	io::{Read, Write},
	net::TcpStream,
	sync::Arc,
};

struct Sum(Arc<Store>);

impl Extension for Sum {
	fn call(&self, command: &[u8], args: &[Vec<u8>]) -> Option<Result<Reply, String>> {
		match command {
			b"SUM" => Some(Ok(Reply::Integer(args.iter().map(|arg| arg.len() as i64).sum()))),
			b"FAIL" => Some(Err("it failed".to_owned())),
			b"PANIC" => panic!("an extension may have faults"),
			// What the same client wrote just before is there.
			b"LOOK" => {
				let namespace = self.0.namespace("default").unwrap();
				Some(Ok(Reply::Bulk(namespace.get(&args[0]).unwrap().unwrap())))
			},
			_ => None,
		}
	}
}

#[test]
fn extensions_answer_what_the_server_does_not_know() {
	let dir = tempfile::tempdir().unwrap();
	let store = Arc::new(Store::open(StoreOptions::new(dir.path())).unwrap());
	let runtime =
		tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
	let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
	let options = ServerOptions { tcp: Some("127.0.0.1:0".parse().unwrap()), ..Default::default() };
	let extension: Arc<dyn Extension> = Arc::new(Sum(store.clone()));
	let server = runtime.block_on(Server::bind(options, store.clone(), Some(extension))).unwrap();
	let address = server.local_addr().unwrap();
	let serving = runtime.spawn(server.run(async move {
		let _ = stopped.await;
	}));
	let mut stream = TcpStream::connect(address).unwrap();
	stream
		.write_all(
			b"*3\r\n$3\r\nsum\r\n$2\r\nab\r\n$1\r\nc\r\n*1\r\n$4\r\nFAIL\r\n*1\r\n$5\r\nPANIC\r\n\
			*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*2\r\n$4\r\nLOOK\r\n$1\r\nk\r\n\
			*1\r\n$5\r\nOTHER\r\n*1\r\n$4\r\nQUIT\r\n",
		)
		.unwrap();
	let mut replies = String::new();
	stream.read_to_string(&mut replies).unwrap();
	assert_eq!(
		replies,
		":3\r\n-it failed\r\n-Internal Error\r\n$1\r\nk\r\n$1\r\nv\r\n-Command not supported\r\n+OK\r\n"
	);
	stop.send(()).unwrap();
	runtime.block_on(serving).unwrap().unwrap();
}

#[test]
fn a_server_that_cannot_listen_says_where() {
	let dir = tempfile::tempdir().unwrap();
	let store = Arc::new(Store::open(StoreOptions::new(dir.path())).unwrap());
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
	let bind = |options| runtime.block_on(Server::bind(options, store.clone(), None));
	assert!(matches!(bind(ServerOptions::default()), Err(ServerError::Nowhere)));
	let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
	let address = taken.local_addr().unwrap();
	let error = bind(ServerOptions { tcp: Some(address), ..Default::default() }).unwrap_err();
	assert!(error.to_string().contains(&address.to_string()), "{error}");
	// A file of another kind is never removed for a socket.
	let path = dir.path().join("precious");
	std::fs::write(&path, "data").unwrap();
	let unix = Some(path.clone());
	let error = bind(ServerOptions { unix, ..Default::default() }).unwrap_err();
	assert!(matches!(error, ServerError::Unix { .. }));
	assert_eq!(std::fs::read_to_string(&path).unwrap(), "data");
}
