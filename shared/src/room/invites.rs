//! Invitations that players ask for: given one by one, as the game permits and the client takes them.

use super::{Outbox, Room};
use crate::game::Game;
use crate::id::MemberId;
use crate::wire::Close;
use crate::wire::control::ServerControl;
use crate::wire::terms::Invite;
use core::time::Duration;

/// How often a player gets one.
const PERIOD: Duration = Duration::from_secs(1);

impl<G: Game> Room<G> {
    /// A member asks for an invitation. A newer request takes the place of one that waits.
    pub(super) fn ask_invitation(&mut self, member: MemberId, invite: Invite) -> Result<(), Close> {
        let at = self.find(member);
        let Some(member) = at.and_then(|at| self.members.get_mut(at)) else { return Ok(()) };
        let player = member.player.as_mut().ok_or_else(|| super::frames::bad("only a player can invite"))?;
        player.invite = Some(Invite { uses: invite.uses.max(1), ..invite });
        member.activity.act(self.time.steps);
        Ok(())
    }

    /// Gives the invitations that are due to those who can take them.
    pub(super) fn give_invitations(&mut self, outbox: &mut impl Outbox) {
        let (tick, may_invite) = (self.time.tick, self.stage.invites() && self.end.is_none());
        for member in &mut self.members {
            let (id, is_there) = (member.id, member.connection.is_some());
            let Some(player) = &mut member.player else { continue };
            let Some(invite) = player.invite.filter(|_| is_there && tick >= player.next_invite_at) else {
                continue;
            };
            if !outbox.ready(id) {
                continue;
            }
            player.invite = None;
            player.next_invite_at = tick.offset(i64::from(self.config.tick_rate.ticks_ceil(PERIOD)));
            let invitation = may_invite.then(|| outbox.invitation(player.id, invite)).flatten();
            if let Ok(message) = ServerControl::Invitation(invitation).encode() {
                outbox.control(id, message.into());
            }
        }
    }
}
