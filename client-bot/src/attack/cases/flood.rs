//! Members that send more than they may.

use super::super::case::Case;
use super::super::context::Attack;
use super::super::socket::{FIN, OP_PING, Outgoing, framed, message};
use super::super::wire::{FrameContent, control, hello};
use super::listen::{Newest, listen};
use core::time::Duration;
use tickwire_shared::id::{EntityId, StreamId};
use tickwire_shared::limits::{
    INBOUND_BYTES_MAX, INPUTS_PER_FRAME_MAX, OPTION_BYTES_MAX, OPTIONS_MAX, RELIABLE_PER_MESSAGE_MAX,
    TICKET_BYTES_MAX,
};
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::{
    ClientControl, Credential, Desync, List, OptionText, Options, Target as RoomTarget,
};
use tickwire_shared::wire::frame::Numbered;
use tokio::time::sleep;

/// About how much is written at one time.
const WRITE_BYTES: usize = 16 * 1024;
/// The longest payload of a ping.
const PING_BYTES: usize = 125;

/// How often the first update is looked for.
const FIRST_UPDATE: Duration = Duration::from_millis(5);

/// Floods until it is aborted.
pub(super) async fn attacker(case: Case, attack: &Attack, number: u32) {
    let turns_away = number % 2 == 1;
    loop {
        match case {
            Case::FloodBytes if turns_away => garbage(attack).await,
            Case::FloodControls if turns_away => longest_lists(attack).await,
            _ => member(case, attack, number).await,
        }
    }
}

/// One session of a member that floods.
async fn member(case: Case, attack: &Attack, number: u32) {
    let Some((mut incoming, mut outgoing, _)) = attack.member(number).await else { return };
    let newest = Newest::default();
    let reason = tokio::select! {
        reason = listen(&attack.done, &mut incoming, |said| newest.set(said.tick)) => reason,
        () = send(case, attack, &mut outgoing, &newest) => incoming.end().await,
    };
    attack.done.ended(reason);
}

async fn send(case: Case, attack: &Attack, outgoing: &mut Outgoing, newest: &Newest) {
    let mut commands_sent = 0;
    loop {
        // What names a tick may name only one that came.
        let Some(tick) = newest.get() else {
            sleep(FIRST_UPDATE).await;
            continue;
        };
        let one = flooding_message(case, attack, tick, &mut commands_sent);
        // Commands are numbered, so each frame of them is another.
        let repeats = if case == Case::FloodCommands { 1 } else { WRITE_BYTES.div_ceil(one.len()) };
        if attack.write(outgoing, &one.repeat(repeats)).await.is_none() {
            return;
        }
        // A server that takes everything must not keep this task from reading.
        tokio::task::yield_now().await;
    }
}

/// What a member of this case sends again and again.
fn flooding_message(case: Case, attack: &Attack, newest: Tick, commands_sent: &mut u32) -> Vec<u8> {
    let frame = |content: FrameContent| message(&attack.wire.frame(&content));
    let (stream, tick) = (StreamId::ROOM, newest);
    match case {
        Case::FloodBytes => {
            let inputs = (1..=INPUTS_PER_FRAME_MAX as u32).map(|ahead| Tick(newest.0.wrapping_add(ahead)));
            frame(FrameContent { inputs: inputs.collect(), ..FrameContent::default() })
        }
        Case::FloodPings => framed(FIN | OP_PING, &[b'p'; PING_BYTES]),
        Case::FloodCommands => {
            let command = attack.wire.command.clone().unwrap_or_else(|| vec![0xa5; 8].into());
            let commands =
                Numbered { first: *commands_sent + 1, items: vec![command; RELIABLE_PER_MESSAGE_MAX] };
            *commands_sent = commands_sent.wrapping_add(RELIABLE_PER_MESSAGE_MAX as u32);
            frame(FrameContent { commands, ..FrameContent::default() })
        }
        Case::FloodControls => {
            let hidden = |is_hidden| message(&control(&ClientControl::Hidden(is_hidden)));
            [hidden(true), hidden(false)].concat()
        }
        Case::FloodRepairs => message(&control(&ClientControl::Repair { stream, tick })),
        Case::FloodDesyncs => {
            let entity = EntityId(1);
            let desync = Desync { stream, tick, entity, field: Some(0), client: -1, server: i32::MAX };
            message(&control(&ClientControl::Desync(desync)))
        }
        _ => frame(FrameContent::default()),
    }
}

/// The longest messages, which cost their session. The server may read no more than the first.
async fn garbage(attack: &Attack) {
    let Some(mut socket) = attack.connect().await else { return };
    let longest = message(&[0xff; INBOUND_BYTES_MAX]).repeat(WRITE_BYTES / INBOUND_BYTES_MAX);
    while attack.write(&mut socket.outgoing, &longest).await.is_some() {
        tokio::task::yield_now().await;
    }
    attack.turned_away(socket.incoming.end().await).await;
}

/// A Hello with the longest ticket, and a Join with the most and longest options.
async fn longest_lists(attack: &Attack) {
    let Some(mut socket) = attack.connect().await else { return };
    let ticket = List::try_from(vec![b'.'; TICKET_BYTES_MAX]).unwrap_or_default();
    let option = |number: usize| {
        let key = format!("{number}{}", "k".repeat(OPTION_BYTES_MAX - 1));
        (OptionText::cut(&key), OptionText::cut(&"v".repeat(OPTION_BYTES_MAX)))
    };
    let options = Options::new((0..OPTIONS_MAX).map(option).collect()).unwrap_or_default();
    let hello = message(&hello("mallory", Credential::Ticket(ticket)));
    let join = message(&attack.wire.join(RoomTarget::Match(options)));
    // If the connection has ended, its reason follows.
    let _ = attack.write(&mut socket.outgoing, &[hello, join].concat()).await;
    attack.turned_away(socket.incoming.end().await).await;
}
