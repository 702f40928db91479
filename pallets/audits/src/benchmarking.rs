//! Benchmarks. Proofs are built here, over the longest log that the runtime allows.
