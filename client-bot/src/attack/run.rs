//! A run: calm, then one case after the other.

use super::args::AttackArgs;
use super::case::{Case, Offers};
use super::cases;
use super::context::{Attack, Done};
use super::error::AttackError;
use super::probe::{Probe, Probed};
use super::report::{
    AttackReport, Attackers, BeforeAndAfter, CaseReport, Honest, Outcome, Probes, RunFacts, Witnessed,
};
use super::server_watch::ServerWatch;
use super::target::Target;
use super::verdict::{faults, gap_max_permitted_ms};
use super::wire::GameWire;
use super::witness::{Seated, Witness};
use crate::connect::TlsRoots;
use crate::tickets::TicketSource;
use core::time::Duration;
use std::sync::Arc;
use tickwire_shared::bot::Behaviours;
use tickwire_shared::game::Game;
use tickwire_tickets::Keys;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// How long the witnesses have to get their seats.
const SEATS_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the time of calm lasts.
const CALM: core::ops::RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(5);

/// Why cases are left out after Ctrl-C.
const STOPPED: &str = "the run was stopped";

/// What all cases of a run share.
struct Run<'a, B> {
    args: &'a AttackArgs,
    target: Arc<Target>,
    wire: GameWire,
    tickets: TicketSource,
    keys: Option<Keys>,
    witness: Witness<B>,
    server: Option<ServerWatch>,
    /// Where the attackers run.
    attackers: Handle,
    /// True once the run is to end.
    stopped: watch::Receiver<bool>,
}

/// Runs the cases of `args` until the last one has ended or `stopped` is true. The attackers run on
/// `attackers`. Calls `each_case` before each case.
///
/// # Errors
/// Why nothing was attacked.
pub(crate) async fn run<G: Game, B: Behaviours<G> + Clone>(
    args: &AttackArgs,
    behaviours: B,
    attackers: Handle,
    stopped: watch::Receiver<bool>,
    each_case: impl Fn(&str),
) -> Result<AttackReport, AttackError> {
    let keys = keys(args)?;
    let options = args.options().map_err(|error| AttackError::Usage(error.to_string()))?;
    let server = args.metrics.as_deref().map(ServerWatch::at).transpose().map_err(AttackError::Usage)?;
    let target = Arc::new(Target::find(args).await?);
    if let Some(server) = &server {
        server.look().await.map_err(AttackError::Unreachable)?;
    }
    let roots = TlsRoots::for_url(&target.url, args.ca.as_deref());
    let roots = roots.map_err(|error| AttackError::Usage(error.to_string()))?;
    let tickets = keys.clone().map_or_else(TicketSource::default, TicketSource::keys);
    let witness = Witness {
        game: args.game.clone(),
        options: options.clone(),
        terms: args.terms(),
        tickets: tickets.clone(),
        roots,
        behaviours,
    };
    let wire = GameWire::of::<G>(args.game.clone(), options.clone(), args.terms());
    let run = Run { args, target, wire, tickets, keys, witness, server, attackers, stopped };
    each_case("calm");
    let calm = Box::pin(run.calm::<G>()).await?;
    let gap_max_ms = gap_max_permitted_ms(&calm, args.gap_margin_ms);
    let offers = Offers { tls: run.target.url.is_tls(), ticket_key: run.keys.is_some() };
    let mut reports = Vec::new();
    for (number, case) in args.chosen().into_iter().enumerate() {
        reports.push(match case.lacks(offers) {
            Some(why) => CaseReport::left_out(case.name(), why),
            None if *run.stopped.borrow() => CaseReport::left_out(case.name(), STOPPED),
            None => {
                each_case(&case.name());
                Box::pin(run.case::<G>(number, case, gap_max_ms)).await
            }
        });
    }
    let facts = RunFacts {
        url: run.target.url.to_string(),
        address: run.target.address.to_string(),
        game: args.game.to_string(),
        connections: args.connections,
        seconds: args.seconds,
        calm,
        gap_max_permitted_ms: gap_max_ms,
    };
    Ok(AttackReport::new(facts, reports))
}

fn keys(args: &AttackArgs) -> Result<Option<Keys>, AttackError> {
    let Some(file) = &args.ticket_key else { return Ok(None) };
    let wrong = |error: String| AttackError::Usage(format!("--ticket-key {}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    text.parse().map(Some).map_err(|error: tickwire_tickets::KeysError| wrong(error.to_string()))
}

impl<B> Run<'_, B> {
    /// What the honest see without any attack.
    async fn calm<G: Game>(&self) -> Result<Honest, AttackError>
    where
        B: Behaviours<G> + Clone,
    {
        let time = self.args.time().clamp(*CALM.start(), *CALM.end());
        let (honest, _) = self.beside_honest::<G>(time, |_| None).await;
        let noticed = faults(&honest, None, Default::default(), f64::INFINITY);
        match noticed.is_empty() || *self.stopped.borrow() {
            true => Ok(honest),
            false => Err(AttackError::Unreachable(format!(
                "without any attack honest players cannot play there: {}",
                noticed.join("; ")
            ))),
        }
    }

    async fn case<G: Game>(&self, number: usize, case: Case, gap_max_ms: f64) -> CaseReport
    where
        B: Behaviours<G> + Clone,
    {
        let before = match &self.server {
            Some(server) => Some(server.look().await),
            None => None,
        };
        let begin = |room| {
            let attack = Arc::new(Attack {
                target: Arc::clone(&self.target),
                source: self.target.attacker(number),
                wire: self.wire.clone(),
                room,
                tickets: self.tickets.clone(),
                keys: self.keys.clone(),
                seed: self.args.seed,
                done: Done::default(),
            });
            let running = start(&self.attackers, case, Arc::clone(&attack), self.args.connections);
            Some((attack, running))
        };
        let (honest, attack) = self.beside_honest::<G>(self.args.time(), begin).await;
        let mut seen = std::collections::BTreeSet::new();
        let server = match (&self.server, before) {
            (Some(server), Some(Ok(before))) => match server.wait(&before).await {
                Ok(after) => Some(BeforeAndAfter { before, after }),
                Err(error) => {
                    seen.insert(error);
                    None
                }
            },
            (_, Some(Err(error))) => {
                seen.insert(error);
                None
            }
            (_, None | Some(Ok(_))) => None,
        };
        let mut void = None;
        if let Some(attack) = &attack {
            cases::conclude(case, attack);
            seen.extend(attack.done.faults());
            void = attack.done.void();
        }
        let reasons = faults(&honest, server.as_ref(), seen, gap_max_ms);
        let (outcome, reasons) = match (reasons.is_empty(), void) {
            (false, _) => (Outcome::Failed, reasons),
            (true, _) if *self.stopped.borrow() => (Outcome::LeftOut, vec![STOPPED.to_owned()]),
            (true, Some(why)) => (Outcome::LeftOut, vec![why]),
            (true, None) => (Outcome::Passed, reasons),
        };
        let attackers = attack.map(|attack| Attackers::from(&attack.done));
        CaseReport { case: case.name(), outcome, reasons, honest: Some(honest), server, attackers }
    }

    /// Lets the honest play for `time`, beside what `begin` starts once the witnesses have their room.
    async fn beside_honest<G: Game>(
        &self,
        time: Duration,
        begin: impl FnOnce(tickwire_shared::id::RoomId) -> Option<(Arc<Attack>, JoinHandle<()>)>,
    ) -> (Honest, Option<Arc<Attack>>)
    where
        B: Behaviours<G> + Clone,
    {
        let (end, ended) = watch::channel(false);
        let (seated, mut seats) = watch::channel(Seated::default());
        let over = ended_of(ended);
        let playing = self.witness.run::<G>(&self.target, seated, over);
        let beside = async {
            let taken = timeout(SEATS_TIMEOUT, seats.wait_for(|seated| seated.room().is_some())).await;
            let room = taken.ok().and_then(Result::ok).and_then(|seated| seated.room());
            let mut probed = Probed::default();
            let mut attack = None;
            if let Some(room) = room {
                let begun = begin(room);
                let probe = Probe { target: &self.target, wire: &self.wire, tickets: &self.tickets };
                let enough = async {
                    tokio::select! {
                        () = sleep(time) => {}
                        () = ended_of(self.stopped.clone()) => {}
                    }
                };
                probed = probe.run(enough).await;
                if let Some((begun, running)) = begun {
                    running.abort();
                    // It was aborted, so it has no result.
                    let _ = running.await;
                    attack = Some(begun);
                }
            }
            // The witnesses listen as long as they play.
            let _ = end.send(true);
            (probed, attack)
        };
        let (report, (probed, attack)) = tokio::join!(playing, beside);
        let witness = report.map(|report| Witnessed::from(&report)).unwrap_or_default();
        (Honest { witness, probes: Probes::from(&probed) }, attack)
    }
}

async fn ended_of(mut flag: watch::Receiver<bool>) {
    // Without a sender nobody will end it.
    if flag.wait_for(|ended| *ended).await.is_err() {
        core::future::pending::<()>().await;
    }
}

/// Starts the attackers. They end when the returned task is aborted.
fn start(on: &Handle, case: Case, attack: Arc<Attack>, connections: u32) -> JoinHandle<()> {
    on.spawn(async move {
        let mut attackers = JoinSet::new();
        for number in 0..connections {
            let attack = Arc::clone(&attack);
            attackers.spawn(async move { cases::attacker(case, &attack, number).await });
        }
        while attackers.join_next().await.is_some() {}
        // The time of the case is not over.
        core::future::pending::<()>().await;
    })
}
