//! When the gateway is asked nothing more: it wants a pause, bars this machine, or answers nothing.

use crate::billing::crew::WORKERS;
use crate::domain::pressure::{Gate, Halt};
use crate::failure::Failure;

/// So many questions in a row without an answer, and no further ones are asked.
const IN_VAIN_MAX: usize = 2 * WORKERS;

/// How many questions in a row had no answer.
#[derive(Default)]
pub(super) struct InVain(usize);

impl InVain {
    /// One more was asked. Gives why the run is to end: a gateway that wants a pause, or answers nothing, is not asked
    /// about thousands. Whoever waits for the end of the run is told at once, and what is left has its turn in the next.
    pub(super) fn hear(&mut self, answered: bool, gate: Gate) -> Option<Failure> {
        self.0 = if answered { 0 } else { self.0.saturating_add(1) };
        match gate {
            _ if answered => None,
            Gate::Halted(halt) => Some(halted(halt)),
            Gate::Paused(left) => {
                let seconds = left.as_secs().saturating_add(1);
                Some(gave_up(&format!("the gateway asks for a pause of {seconds} s (HTTP 429)")))
            }
            Gate::Open if self.0 >= IN_VAIN_MAX => {
                Some(gave_up(&format!("the gateway gave no answer to {IN_VAIN_MAX} questions in a row")))
            }
            Gate::Open => None,
        }
    }
}

/// Why nothing more can be asked, as far as the gateway says it.
pub(super) fn halted(halt: Halt) -> Failure {
    gave_up(&match halt {
        Halt::Busy(pause) => format!("the gateway asks for a pause of {} s (HTTP 429)", pause.as_secs()),
        Halt::BusyStill => "the gateway asks for one pause after another (HTTP 429)".to_owned(),
        Halt::Barred => {
            "the gateway answers with HTTP 403 or a web page: something on the way bars this machine"
                .to_owned()
        }
    })
}

fn gave_up(why: &str) -> Failure {
    let message = format!("{why}; what was settled before stays settled, and nothing more was asked");
    Failure::network(message).hinted("run the same command again")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{IN_VAIN_MAX, InVain};
    use crate::domain::pressure::{Gate, Halt};

    #[test]
    fn only_silence_in_a_row_a_pause_and_a_closed_door_end_a_run() {
        let (mut in_vain, pause) = (InVain::default(), Gate::Paused(Duration::from_secs(3)));
        for _ in 0..3 {
            for _ in 1..IN_VAIN_MAX {
                assert!(in_vain.hear(false, Gate::Open).is_none());
            }
            assert!(
                in_vain.hear(true, pause).is_none(),
                "an answer is one, whatever became of other questions"
            );
        }
        let mut last = None;
        (0..IN_VAIN_MAX).for_each(|_| last = in_vain.hear(false, Gate::Open));
        assert!(last.unwrap().message.contains("32 questions in a row"));
        let told = InVain::default().hear(false, pause).unwrap();
        assert!(told.message.contains("a pause of 4 s"), "{}", told.message);
        assert!(InVain::default().hear(false, Gate::Halted(Halt::Barred)).is_some());
    }
}
