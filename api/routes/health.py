"""Whether the service lives and can work; outside the versioned API, for supervisors and load balancers."""

from fastapi import APIRouter, Request, Response

from api.requests import StrictRoute
from api.schemas.health import Live, Ready
from api.security import Nobody
from api.services.readiness import Readiness, State, readiness

router = APIRouter(prefix="/health", tags=["health"], route_class=StrictRoute)


@router.get("/live", response_model=Live)
async def live(_: Nobody) -> Live:
    """Tell that the process answers; touches nothing else."""
    return Live()


@router.get("/ready", response_model=Ready, responses={503: {"model": Ready, "description": "Starting or down."}})
def ready(_: Nobody, request: Request, response: Response) -> Readiness:
    """Tell whether the process can do its work: database, encoder, index, jobs and broker."""
    state = request.app.state
    found = readiness(
        state.lookout,
        warming=state.warm_up.under_way,
        hands_work=state.runner.is_running,
        told_by_broker=state.settings.service_mode,
    )
    if found.state in (State.STARTING, State.DOWN):
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return found
