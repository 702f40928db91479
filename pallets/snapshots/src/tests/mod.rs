//! Tests by topic.

mod listing;
mod publishing;
