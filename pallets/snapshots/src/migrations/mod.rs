//! From older storage layouts to the present one.

pub mod v2;
