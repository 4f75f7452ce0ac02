//! Who plays a client of a harness: fixed controls, a closure, or a bot.

use super::{ClientIndex, Harness};
use crate::Rng;
use crate::bot::{Behaviour, Behaviours};
use crate::client::Client;
use crate::game::Game;
use core::time::Duration;

/// The time between two decisions of a bot.
const DECIDE_PERIOD: Duration = Duration::from_millis(100);

impl<G: Game> Harness<G> {
    /// Sets the controls of a client from now on.
    pub fn set_input(&mut self, client: ClientIndex, input: G::Input) {
        self.seat_mut(client).client.set_input(input);
    }

    /// Sets a closure that returns the controls of a client for each of its inputs.
    pub fn drive(
        &mut self,
        client: ClientIndex,
        mut drive: impl FnMut(&Client<G>, &mut Rng) -> G::Input + 'static,
    ) {
        self.seat_mut(client).drive = Some(Box::new(move |client, _, rng| {
            let input = drive(client, rng);
            client.set_input(input);
        }));
    }

    /// Lets a bot play a client from now on: it decides ten times a second, and its commands are sent.
    pub fn play(&mut self, client: ClientIndex, mut behaviour: Box<dyn Behaviour<G>>) {
        let mut decide_at = Duration::ZERO;
        self.seat_mut(client).drive = Some(Box::new(move |client, now, rng| {
            if now < decide_at || client.own().is_none() {
                return;
            }
            decide_at = now + DECIDE_PERIOD;
            let input = behaviour.decide(client, now, rng);
            client.set_input(input);
            if let Some(command) = behaviour.command(client, rng) {
                // A full queue refuses the command, as it refuses a real player's.
                let _ = client.command(command);
            }
        }));
    }

    /// Lets the bot of this client's number play it.
    pub(super) fn play_as(&mut self, client: ClientIndex, bots: &dyn Behaviours<G>) {
        self.play(client, bots.of(u32::try_from(client.0).unwrap_or(u32::MAX)));
    }
}

#[cfg(test)]
mod tests {
    use crate::Rng;
    use crate::bot::{Behaviour, Behaviours};
    use crate::client::testing::{DotSettings, Dots, PUSH, Press};
    use crate::client::{Client, ClientEvent};
    use crate::harness::{Allowed, Harness, check_determinism_with_bots, check_prediction_with_bots};
    use core::sync::atomic::{AtomicU32, Ordering};
    use core::time::Duration;

    /// Stands still and says its number, again and again.
    struct Talker(u32);

    impl Behaviour<Dots> for Talker {
        fn decide(&mut self, _: &Client<Dots>, _: Duration, _: &mut Rng) -> Press {
            Press::default()
        }

        fn command(&mut self, _: &Client<Dots>, _: &mut Rng) -> Option<u32> {
            Some(self.0)
        }
    }

    fn talkers(bot: u32) -> Box<dyn Behaviour<Dots>> {
        Box::new(Talker(bot))
    }

    #[test]
    fn a_bot_plays_a_client_and_its_commands_reach_the_game() {
        let mut harness = Harness::<Dots>::new(DotSettings::default(), 5);
        let ada = harness.join("ada");
        harness.play(ada, talkers(7));
        harness.run_ticks(62);
        let events = harness.take_events(ada);
        let said = events.iter().filter(|event| matches!(event, ClientEvent::Game { .. })).count();
        assert!((18..=22).contains(&said), "{said} in two seconds, ten a second: {events:?}");
    }

    #[test]
    fn checks_with_bots_reach_what_a_command_does() {
        let settings = DotSettings::default();
        let check = |bots: &dyn Behaviours<Dots>| {
            check_prediction_with_bots::<Dots>(&settings, 3, 200, 4, bots, Allowed::default())
        };
        check(&talkers).unwrap();
        let error = check(&|_: u32| -> Box<dyn Behaviour<Dots>> { Box::new(Talker(PUSH)) }).unwrap_err();
        assert!(error.what.contains("`pos`"), "{error}");
    }

    #[test]
    fn a_bot_that_decides_by_something_else_is_found() {
        let settings = DotSettings::default();
        check_determinism_with_bots::<Dots>(&settings, 3, 200, 4, &talkers).unwrap();
        let made = AtomicU32::new(0);
        let counting = move |_: u32| -> Box<dyn Behaviour<Dots>> {
            Box::new(Talker(made.fetch_add(1, Ordering::Relaxed)))
        };
        let error = check_determinism_with_bots::<Dots>(&settings, 3, 200, 4, &counting).unwrap_err();
        assert!(error.what.contains("the messages are not"), "{error}");
    }
}
