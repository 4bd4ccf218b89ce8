//! What happens to the floor when another member becomes the host.

use pushtalk_protocol::Pid;

use crate::table::{Table, ms, pid};
use crate::{Input, Situation};

fn host(table: &mut Table, order: &[u8], host: Option<Pid>) {
    for of in order {
        table.give(*of, Input::Host(host));
    }
}

#[test]
fn when_the_room_is_handed_over_the_talker_goes_on_and_the_new_host_decides() {
    for order in [[1, 2, 3, 4], [4, 3, 2, 1], [3, 1, 4, 2]] {
        for talker in 1..=4 {
            let mut table = Table::of(4, Some(1));
            table.give(talker, Input::Press);
            let waits = if talker == 2 { 4 } else { 2 };
            table.give(waits, Input::Queueing(true));
            table.give(waits, Input::Press);
            host(&mut table, &order, Some(pid(3)));
            table.wait(ms(500));
            assert_eq!(table.live(), [talker], "{order:?}");
            assert_eq!(table.button(waits), Situation::Queued { place: 1 }, "{order:?}");
            for of in 1..=4 {
                assert_eq!(table.talker(of), Some(talker), "{order:?}");
                assert_eq!(table.room(of).arbiter, Some(pid(3)));
                let hosts = table.room(of).view().members.into_iter().filter(|member| member.host);
                assert_eq!(
                    hosts.map(|host| host.pid).collect::<Vec<_>>(),
                    if of == 3 { vec![] } else { vec![pid(3)] }
                );
            }
            table.give(talker, Input::Release);
            table.spoken(talker);
            assert_eq!(table.live(), [waits], "{order:?}");
        }
    }
}

#[test]
fn the_new_host_may_take_the_floor_and_the_old_one_may_not_any_more() {
    let mut table = Table::of(3, Some(1));
    host(&mut table, &[1, 2, 3], Some(pid(3)));
    table.give(2, Input::Press);
    table.give(1, Input::Preempt);
    assert_eq!((table.live(), table.button(1)), (vec![2], Situation::Busy { who: pid(2) }));
    table.give(3, Input::Preempt);
    assert_eq!(table.live(), [3]);
}

#[test]
fn who_is_the_host_no_more_waits_with_its_press_like_everybody() {
    let mut table = Table::of(3, Some(1));
    table.give(1, Input::Queueing(true));
    table.give(2, Input::Press);
    table.cut.push(2);
    table.give(1, Input::Preempt);
    host(&mut table, &[3, 1], Some(pid(3)));
    assert_eq!((table.room(1).preempting, table.button(1)), (None, Situation::Queued { place: 1 }));
}

#[test]
fn without_a_host_the_smallest_pid_decides_and_nobody_may_take_the_floor() {
    let mut table = Table::of(3, Some(3));
    host(&mut table, &[1, 2, 3], None);
    for of in 1..=3 {
        assert_eq!(table.room(of).arbiter, Some(pid(1)));
        assert!(table.room(of).view().members.iter().all(|member| !member.host));
    }
    table.give(2, Input::Press);
    for of in [1, 3] {
        table.give(of, Input::Preempt);
        assert_eq!((table.live(), table.button(of)), (vec![2], Situation::Busy { who: pid(2) }));
    }
}

#[test]
fn a_host_that_is_not_connected_decides_as_soon_as_it_is() {
    let mut table = Table::of(3, Some(1));
    host(&mut table, &[1, 2, 3], Some(pid(4)));
    for of in 1..=3 {
        assert_eq!(table.room(of).arbiter, Some(pid(1)));
    }
    table.sit(4, false);
    table.give(4, Input::Host(Some(pid(4))));
    for of in 1..=3 {
        table.up(of, 4, false);
        table.up(4, of, false);
    }
    table.give(2, Input::Press);
    for of in 1..=4 {
        assert_eq!((table.room(of).arbiter, table.talker(of)), (Some(pid(4)), Some(2)));
    }
    // Who says that it is the host does not make it so, for the host itself.
    table.up(4, 2, true);
    assert_eq!(table.room(4).arbiter, Some(pid(4)));
}
