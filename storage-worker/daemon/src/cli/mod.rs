//! What all commands share: global flags, output, failures, keys from arguments, places.

mod account;
mod duration;
mod failure;
mod hash;
mod output;
mod paths;
mod progress;
mod size;
mod work_dir;

pub(crate) use account::AccountArgs;
pub(crate) use duration::parse_duration;
pub(crate) use failure::{exit_code, print_failure, Failure};
pub(crate) use hash::{parse_hash, parse_hex};
pub(crate) use output::Context;
pub(crate) use paths::{user_cache_dir, user_state_dir};
pub(crate) use progress::Bar;
pub(crate) use size::{bytes_text, parse_bytes, parse_units, units_text};
pub(crate) use work_dir::WorkDir;
