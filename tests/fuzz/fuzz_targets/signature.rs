//! See `signature` in ../targets.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| beffroi::targets::signature(bytes));
