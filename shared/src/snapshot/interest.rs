//! What a client sees of a room: cells and groups, which determine its streams.
//!
//! A room is divided into streams, one per (cell, group). A stream is encoded once per tick, no matter who
//! sees it, so a view is a set of streams: it contains every entity within the radius, and some beyond. Finer
//! secrecy needs a group.
//!
//! ```text
//! bits 4..16   of a stream's id: 0 for entities without a position, 4095 for the whole group wherever it
//!              is, 4094 for the room's own state, else 1 + row * columns + column of the cell
//! bits 0..4    the group
//! ```

use crate::id::StreamId;
use glam::IVec2;

/// Groups of one game, including the public one.
pub const GROUPS_MAX: u8 = 16;
/// Cells of one room. More are refused when the room is made.
pub const CELLS_MAX: usize = 4_000;

/// Who may see an entity: every member, or those whose [`View`] has the group (a team, those who cleared a
/// fog).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(u8);

impl Group {
    /// Every member.
    pub const PUBLIC: Self = Self(0);

    /// The group with a number below [`GROUPS_MAX`]; `None` for larger numbers.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < GROUPS_MAX { Some(Self(number)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A set of groups. Every set contains the public one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups(u16);

impl Groups {
    /// The public group alone.
    pub const PUBLIC: Self = Self(1);
    /// All groups: for a member that may know everything.
    pub const ALL: Self = Self(u16::MAX);

    /// This set and one more group.
    #[must_use]
    pub const fn with(self, group: Group) -> Self {
        Self(self.0 | 1 << group.0)
    }

    /// Whether the group is in the set.
    #[must_use]
    pub const fn contains(self, group: Group) -> bool {
        self.0 & 1 << group.0 != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Group> {
        (0..GROUPS_MAX).map(Group).filter(move |group| self.contains(*group))
    }
}

impl Default for Groups {
    fn default() -> Self {
        Self::PUBLIC
    }
}

/// Where an entity belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Its position in grid steps; `None`: visible at any distance.
    pub at: Option<IVec2>,
    /// Who may see it.
    pub group: Group,
}

impl Location {
    /// Visible to every member at any distance.
    pub const EVERYWHERE: Self = Self { at: None, group: Group::PUBLIC };

    /// Without a position, for everyone who sees the group.
    #[must_use]
    pub const fn in_group(group: Group) -> Self {
        Self { at: None, group }
    }

    /// Visible to every member near `at`.
    #[must_use]
    pub const fn at(at: IVec2) -> Self {
        Self { at: Some(at), group: Group::PUBLIC }
    }
}

/// Which cells a view covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Only entities without a position.
    #[default]
    Nowhere,
    /// The radius around a position in grid steps.
    Around(IVec2),
    /// All cells. Each group is then one stream, encoded once for all clients that see everything.
    Everywhere,
    /// The reach of the member's last view: a player whose body no longer exists still sees where it was.
    /// Nowhere at first.
    AsBefore,
}

impl Reach {
    /// Around a position, or as before if there is none.
    #[must_use]
    pub fn around(at: Option<IVec2>) -> Self {
        at.map_or(Self::AsBefore, Self::Around)
    }

    /// Resolves [`Reach::AsBefore`] with the reach of the last view.
    pub(crate) fn after(self, before: Self) -> Self {
        if self == Self::AsBefore { before } else { self }
    }
}

/// What a member may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Which cells.
    pub reach: Reach,
    /// Which groups.
    pub groups: Groups,
}

/// How a room is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interest {
    /// One stream: every member sees everything.
    #[default]
    Whole,
    /// Cells, with groups in each.
    Cells(Cells),
}

/// A grid of square cells. Positions outside belong to the nearest border cell. All lengths are in grid
/// steps.
///
/// Each packet has its own overhead of some bytes, so a cell should contain a dozen entities or more.
/// Everything in a cell that the radius touches is sent, so its side should be a little below the radius.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// The corner with the smallest coordinates.
    pub origin: IVec2,
    /// The side of a cell.
    pub size: i32,
    /// Cells along x.
    pub columns: u16,
    /// Cells along y.
    pub rows: u16,
    /// Entities within this distance of a view's centre are always visible.
    pub radius: i32,
    /// How far an entity must be beyond its cell's border to change cells, and how much farther a cell must
    /// be to leave a view than to enter it. This avoids flicker at borders.
    pub slack: i32,
}

/// Why a room cannot be divided this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadCells {
    /// A length or a count is out of range.
    #[error(
        "cells need a size of at least 1, at least one column and row, and a radius and slack from 0 to 2^28"
    )]
    Measure,
    /// Too many cells.
    #[error("{0} cells; a room can have at most {CELLS_MAX}: make them larger")]
    TooMany(usize),
}

/// A cell by its number, in row-major order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell(u16);

impl Cells {
    const LENGTH_MAX: i32 = 1 << 28;

    /// Whether a room can be divided this way.
    ///
    /// # Errors
    /// The problem.
    pub fn check(&self) -> Result<(), BadCells> {
        let lengths = [self.radius, self.slack];
        let sound = self.size >= 1 && lengths.iter().all(|length| (0..=Self::LENGTH_MAX).contains(length));
        let count = usize::from(self.columns) * usize::from(self.rows);
        match count {
            _ if !sound => Err(BadCells::Measure),
            0 => Err(BadCells::Measure),
            1..=CELLS_MAX => Ok(()),
            _ => Err(BadCells::TooMany(count)),
        }
    }

    pub(crate) fn cell_of(&self, at: IVec2) -> Cell {
        let along = |at: i32, origin: i32, count: u16| {
            let cell = (i64::from(at) - i64::from(origin)).div_euclid(i64::from(self.size));
            cell.clamp(0, i64::from(count) - 1) as u16
        };
        let (x, y) = (along(at.x, self.origin.x, self.columns), along(at.y, self.origin.y, self.rows));
        Cell(y * self.columns + x)
    }

    /// The squared distance of `at` from a cell; 0 inside.
    pub(crate) fn distance_squared(&self, cell: Cell, at: IVec2) -> i64 {
        let outside = |at: i32, origin: i32, cell: u16, count: u16| {
            let low = i64::from(origin) + i64::from(cell) * i64::from(self.size);
            let (below, above) = (low - i64::from(at), i64::from(at) - (low + i64::from(self.size) - 1));
            // Cells at the border extend without limit on the outer side.
            let below = if cell == 0 { 0 } else { below };
            let above = if cell + 1 == count { 0 } else { above };
            below.max(above).max(0)
        };
        let x = outside(at.x, self.origin.x, cell.0 % self.columns, self.columns);
        let y = outside(at.y, self.origin.y, cell.0 / self.columns, self.rows);
        x * x + y * y
    }

    /// The cell of an entity at `at` that was in `before`.
    pub(crate) fn follow(&self, before: Option<Cell>, at: IVec2) -> Cell {
        match before {
            Some(cell) if self.distance_squared(cell, at) <= square(self.slack) => cell,
            _ => self.cell_of(at),
        }
    }

    /// Whether a cell is in view from `centre`. A cell that was in view (`was`) leaves at a larger distance
    /// than it enters.
    pub(crate) fn is_near(&self, cell: Cell, centre: IVec2, was: bool) -> bool {
        // An entity may be beyond its cell's border by the slack.
        let slack = i64::from(self.slack) * if was { 2 } else { 1 };
        let far = i64::from(self.radius) + slack;
        self.distance_squared(cell, centre) <= far * far
    }

    /// The cells that may be near `centre`, and some that are not.
    pub(crate) fn around(&self, centre: IVec2) -> impl Iterator<Item = Cell> {
        let far = self.radius + 2 * self.slack;
        let columns = self.columns;
        let low = self.cell_of(centre.saturating_sub(IVec2::splat(far))).0;
        let high = self.cell_of(centre.saturating_add(IVec2::splat(far))).0;
        (low / columns..=high / columns)
            .flat_map(move |y| (low % columns..=high % columns).map(move |x| Cell(y * columns + x)))
    }
}

fn square(length: i32) -> i64 {
    i64::from(length) * i64::from(length)
}

/// The cell number in the id of a whole group's stream; real cells have lower ones.
const ALL: u16 = 4_095;
const _: () = assert!(CELLS_MAX < (StreamId::STATE.0 >> 4) as usize);

/// The stream of a whole group.
pub(crate) const fn stream_of_all(group: Group) -> StreamId {
    StreamId(ALL << 4 | group.0 as u16)
}

/// Whether a stream contains a whole group.
pub(crate) const fn is_of_all(stream: StreamId) -> bool {
    stream.0 >> 4 == ALL
}

/// The stream of a cell and a group (`None`: entities without a position).
pub(crate) const fn stream_of(cell: Option<Cell>, group: Group) -> StreamId {
    let slot = match cell {
        Some(cell) => cell.0 + 1,
        None => 0,
    };
    StreamId(slot << 4 | group.0 as u16)
}

/// The cell of a stream; `None` for entities without a position and for a whole group.
pub(crate) const fn cell_of_stream(stream: StreamId) -> Option<Cell> {
    match stream.0 >> 4 {
        0 | ALL => None,
        _ if stream.0 == StreamId::STATE.0 => None,
        slot => Some(Cell(slot - 1)),
    }
}

/// The group of a stream.
pub(crate) const fn group_of_stream(stream: StreamId) -> Group {
    Group((stream.0 & 15) as u8)
}

impl Interest {
    /// The whole room, divided by [groups](Group) alone: for facts that only a team knows. Entities are
    /// located with [`Location::in_group`].
    pub const GROUPS: Self = Self::Cells(Cells {
        origin: IVec2::ZERO,
        size: Cells::LENGTH_MAX,
        columns: 1,
        rows: 1,
        radius: Cells::LENGTH_MAX,
        slack: 0,
    });

    /// Whether a room that is divided this way can have this stream.
    pub(crate) fn has(&self, stream: StreamId) -> bool {
        match (self, cell_of_stream(stream)) {
            (Self::Whole, _) => stream == StreamId::ROOM,
            (Self::Cells(_), None) => true,
            (Self::Cells(cells), Some(cell)) => cell.0 < cells.columns * cells.rows,
        }
    }

    /// Whether a member with this view may see `stream`. `was`: it saw the stream before.
    pub(crate) fn permits(&self, view: &View, stream: StreamId, was: bool) -> bool {
        let Self::Cells(cells) = self else { return true };
        let near = match (cell_of_stream(stream), view.reach) {
            _ if is_of_all(stream) => view.reach == Reach::Everywhere,
            (None, _) | (_, Reach::Everywhere) => true,
            (Some(_), Reach::Nowhere | Reach::AsBefore) => false,
            (Some(cell), Reach::Around(centre)) => cells.is_near(cell, centre, was),
        };
        near && view.groups.contains(group_of_stream(stream))
    }

    /// The streams that a view may contain, unsorted, including some beyond the radius.
    pub(crate) fn candidates(&self, view: &View, into: &mut Vec<StreamId>) {
        let Self::Cells(cells) = self else { return into.push(StreamId::ROOM) };
        into.push(StreamId::STATE);
        for group in view.groups.iter() {
            match view.reach {
                Reach::Nowhere | Reach::AsBefore => into.push(stream_of(None, group)),
                Reach::Around(centre) => {
                    into.push(stream_of(None, group));
                    into.extend(cells.around(centre).map(|cell| stream_of(Some(cell), group)))
                }
                Reach::Everywhere => into.push(stream_of_all(group)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELLS: Cells =
        Cells { origin: IVec2::new(-100, 0), size: 50, columns: 4, rows: 3, radius: 60, slack: 5 };

    #[test]
    fn everything_has_a_cell_and_what_is_outside_belongs_to_the_border() {
        for (at, cell) in
            [((-100, 0), 0), ((-51, 49), 0), ((-50, 50), 5), ((99, 149), 11), ((5000, -5000), 3)]
        {
            assert_eq!(CELLS.cell_of(at.into()), Cell(cell), "{at:?}");
            assert_eq!(CELLS.distance_squared(Cell(cell), at.into()), 0, "{at:?}");
        }
        assert_eq!(CELLS.distance_squared(Cell(0), IVec2::new(-47, 53)), 4 * 4 + 4 * 4);
    }

    #[test]
    fn an_entity_that_moves_to_and_fro_at_a_border_keeps_its_cell() {
        let mut cell = CELLS.cell_of(IVec2::new(-51, 10));
        for x in [-50, -48, -52, -46, -51] {
            cell = CELLS.follow(Some(cell), IVec2::new(x, 10));
            assert_eq!(cell, Cell(0), "{x}");
        }
        cell = CELLS.follow(Some(cell), IVec2::new(-45, 10));
        assert_eq!(cell, Cell(1));
        assert_eq!(CELLS.follow(Some(cell), IVec2::new(-54, 10)), Cell(1));
    }

    #[test]
    fn every_entity_within_the_radius_is_in_view_whatever_its_cell_was() {
        let interest = Interest::Cells(CELLS);
        let mut rng = crate::Rng::new(3);
        let mut streams = Vec::new();
        for _ in 0..2_000 {
            let centre = IVec2::new(rng.range(-140, 140), rng.range(-40, 190));
            let at = centre + IVec2::new(rng.range(-60, 60), rng.range(-60, 60));
            let before = CELLS.cell_of(at + IVec2::new(rng.range(-5, 5), rng.range(-5, 5)));
            let stream = stream_of(Some(CELLS.follow(Some(before), at)), Group::PUBLIC);
            let view = View { reach: Reach::Around(centre), groups: Groups::PUBLIC };
            streams.clear();
            interest.candidates(&view, &mut streams);
            streams.retain(|stream| interest.permits(&view, *stream, false));
            let near = (at - centre).length_squared() <= 60 * 60;
            assert!(!near || streams.contains(&stream), "{at} from {centre}, cell {before:?}");
        }
    }

    #[test]
    fn a_group_is_seen_by_those_who_have_it() {
        let interest = Interest::Cells(CELLS);
        let team = Group::new(3).unwrap();
        let stream = stream_of(Some(Cell(0)), team);
        let view = |groups| View { reach: Reach::Everywhere, groups };
        assert!(!interest.permits(&view(Groups::PUBLIC), stream, true));
        assert!(interest.permits(&view(Groups::PUBLIC.with(team)), stream, false));
        assert_eq!(Group::new(GROUPS_MAX), None);
        assert_eq!((cell_of_stream(stream), group_of_stream(stream)), (Some(Cell(0)), team));
    }

    #[test]
    fn cells_that_make_no_sense_are_refused() {
        assert_eq!(CELLS.check(), Ok(()));
        assert_eq!(Cells { size: 0, ..CELLS }.check(), Err(BadCells::Measure));
        assert_eq!(Cells { radius: -1, ..CELLS }.check(), Err(BadCells::Measure));
        assert_eq!(Cells { columns: 100, rows: 100, ..CELLS }.check(), Err(BadCells::TooMany(10_000)));
    }
}
