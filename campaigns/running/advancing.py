"""Every worker carries runs on, a chunk per transaction with the run locked: a kill loses at most a chunk.

The lock is the lease: it ends with the connection of whoever held it, and what was not committed never happened.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from uuid import UUID

from django.db import DatabaseError, DataError, connection, transaction
from django.db.models import Q

from campaigns.approving import GROWN
from campaigns.models import (
    Campaign,
    CampaignKind,
    CampaignRun,
    CampaignState,
    Recipient,
    RecipientState,
    RunState,
)
from campaigns.models.runs import AT_WORK
from campaigns.running import expanding, feeding, taking_back, tallies
from campaigns.running.texts import CampaignStopped
from core.clock import now
from core.compiled import Compiled
from core.errors import GatewayError
from messaging.models import ChannelStatus
from messaging.stopping import stopping

logger = logging.getLogger(__name__)

_SECONDS = 10.0
_PAUSE_SECONDS = 0.01
_OUR_ERROR = "An error of ours stopped it; see the log. Resume it to try again: nobody gets a message twice."


def advance_runs(*, seconds: float = _SECONDS) -> int:
    """Carry on what runs there are for at most `seconds`, in turns; gives how many chunks were done."""
    deadline, done = time.monotonic() + seconds, 0
    while True:
        in_turn = [advance(run_id) for run_id in _at_work()]
        done += sum(in_turn)
        if not any(in_turn) or time.monotonic() > deadline or stopping.is_set():
            return done
        if connection.vendor == "sqlite":
            time.sleep(_PAUSE_SECONDS)  # its one write lock is not fair: let the senders have it


def _at_work() -> list[UUID]:
    """Those of campaigns that go on; a triggered one has nothing to collect and nobody pending."""
    return [run_id for (run_id,) in _AT_WORK.rows()]


_OWN = (
    Q(state=RunState.CANCELLING)
    | Q(campaign__state=CampaignState.CANCELLED)
    | (Q(campaign__kind=CampaignKind.AUDIENCE) & ~Q(campaign__state=CampaignState.PAUSED))
)
_AT_WORK = Compiled(
    lambda: CampaignRun.objects.filter(_OWN, state__in=AT_WORK).order_by("id").values_list("id")
)


def advance(run_id: UUID) -> bool:
    """Do one chunk of a run unless another worker is at it; False when there was nothing to do."""
    try:
        with transaction.atomic():
            run = _locked(run_id)
            if run is None:
                return False
            return _STEPS[RunState(run.state)](run)
    except DataError:  # what is to be stored does not fit: that does not pass
        logger.exception("campaign run %s stopped", run_id)
        _pause(run_id, _OUR_ERROR)
    except DatabaseError:
        raise  # the next round tries again
    except CampaignStopped as stop:
        _pause(run_id, str(stop))
    except GatewayError as error:  # such as an audience whose filter cannot be read any more
        _pause(run_id, error.text)
    except Exception:
        logger.exception("campaign run %s stopped", run_id)
        _pause(run_id, _OUR_ERROR)
    return False


def _locked(run_id: UUID) -> CampaignRun | None:
    """The run, ours until the transaction ends; None: another worker has it, or there is nothing to do any more.

    What its campaign's state is now is read after the lock: who pauses takes back what was handed over before.
    """
    mine = CampaignRun.objects.filter(id=run_id, state__in=AT_WORK).select_for_update(skip_locked=True)
    run = mine.first()
    if run is None:
        return None
    campaigns = Campaign.objects.select_related("channel__credential", "audience")
    run.campaign = campaigns.get(id=run.campaign_id)
    if (
        run.campaign.state == CampaignState.CANCELLED
    ):  # also where who cancelled did not get as far as the run
        run.state = RunState.CANCELLING
    is_wanted = run.state == RunState.CANCELLING or run.campaign.state != CampaignState.PAUSED
    return run if is_wanted else None


def _expand(run: CampaignRun) -> bool:
    expanding.expand(run)
    if run.most is not None and sum(tallies.of(run.id).values()) > run.most:
        raise CampaignStopped(GROWN)  # and this page is taken back
    return True


def _send(run: CampaignRun) -> bool:
    channel = run.campaign.channel
    if channel.status != ChannelStatus.ACTIVE:
        raise CampaignStopped(
            f"The channel configuration {channel.name} is a draft. Activate it, then resume."
        )
    if feeding.feed(run):
        return True
    pending = Recipient.objects.filter(run=run, state=RecipientState.PENDING)
    if not pending.exists() and not taking_back.waits(run):
        _finish(run, RunState.FINISHED)
    return False


def _cancel(run: CampaignRun) -> bool:
    if taking_back.cancel_pending(run):
        return True
    taking_back.cancel_waiting(run.id, actor="campaign")
    _finish(run, RunState.CANCELLED)
    return False


def _finish(run: CampaignRun, state: RunState) -> None:
    run.state, run.finished_at = state, now()
    run.save(update_fields=["state", "finished_at"])
    campaign = Campaign.objects.select_for_update().get(id=run.campaign_id)
    if campaign.state != CampaignState.RUNNING or campaign.runs.filter(state__in=AT_WORK).exists():
        return
    campaign.state = CampaignState.FINISHED if campaign.next_run_at is None else CampaignState.SCHEDULED
    campaign.save(update_fields=["state", "updated_at"])


_STEPS: dict[RunState, Callable[[CampaignRun], bool]] = {
    RunState.EXPANDING: _expand,
    RunState.SENDING: _send,
    RunState.CANCELLING: _cancel,
}


def _pause(run_id: UUID, problem: str) -> None:
    running = Campaign.objects.filter(runs=run_id, state=CampaignState.RUNNING)
    Campaign.objects.filter(id__in=running.values("id")).update(
        state=CampaignState.PAUSED, problem=problem[:500]
    )
