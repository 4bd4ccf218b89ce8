//! One scenario a file; its name is a sentence that is true of the product. Those of real programs and devices are in
//! `live`.

mod a_handshake_that_stalls_is_tried_again_and_the_third_is_no_accident;
mod a_voice_holds_the_button_down;
mod a_whole_room_comes_in_the_same_second;
mod any_bytes_end_in_a_value_or_an_error;
mod hostile;
mod members_compare_what_they_see_and_emoji;
mod no_secret_can_be_copied_printed_or_sent_out;
mod sound_follows_what_is_chosen_and_what_the_room_is_like;
mod strangers_stay_outside_and_are_never_heard;
mod the_floor_goes_round_as_the_room_is_set;
mod the_host_decides_who_is_in_the_room;
mod the_line_of_the_bench_does_what_it_says;
mod the_rig_finds_chirps;
mod the_text_of_the_protocol_shows_true_bytes;
mod voice_flows_from_the_one_who_talks_to_all_others;
mod voice_is_encoded_for_the_worst_of_the_paths;
