//! The models can fail: each of these rules, broken, is found to be.

use super::broken::{Rule, break_rule};

#[test]
#[should_panic(expected = "something is left in the queue")]
fn a_frame_left_without_a_writer_is_found() {
    break_rule(Rule::ArriveWithTheBatch);
    super::posting::two_post_in_every_order();
}

#[test]
#[should_panic(expected = "behind the end")]
fn an_end_before_the_close_is_found() {
    break_rule(Rule::EndBehindTheClose);
    super::lag::one_who_is_closed_while_it_lags();
}
