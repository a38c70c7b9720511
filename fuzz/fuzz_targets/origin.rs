#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    chinwag_fuzz::properties::origin::holds(input, Some(chinwag_fuzz::parse_url));
});
