//! What takes longer in a large room.

/// In a room of twice as many members all that has to do with pings takes twice as long, of three times as many three times,
/// and so on: each of 64 would else do little but ping.
const CROWD: usize = 16;

/// By how much all that has to do with pings is slower than in a small room.
pub(crate) fn of(members: usize) -> u32 {
    u32::try_from(members / CROWD).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_are_as_frequent_as_ever_in_rooms_below_32_members_and_a_quarter_of_that_among_64() {
        assert_eq!([1, 2, 16, 31].map(of), [1; 4]);
        assert_eq!([32, 47, 48, 64].map(of), [2, 2, 3, 4]);
    }
}
