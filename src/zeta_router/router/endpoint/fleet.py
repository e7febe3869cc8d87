"""All endpoints together: built from the configuration, seen as a snapshot."""

from __future__ import annotations

from zeta_router.core.fleet import Endpoint, FleetConfig
from zeta_router.core.snapshot import Snapshot
from zeta_router.router.endpoint.state import EndpointState


class FleetState:
    """The endpoints of the fleet by id, in the configuration's order."""

    def __init__(self, config: FleetConfig) -> None:
        self.config = config
        self.endpoints: dict[str, EndpointState] = {}
        self.version = 0
        self._generation = 0
        self.replace(config)

    def replace(self, config: FleetConfig) -> None:
        """Take over a new configuration.

        An endpoint with the same id, url, engine, model and name of it at the engine keeps its
        state. A changed one starts anew under a higher generation; results of the old one are
        recognised by theirs.
        """
        endpoints = {}
        for endpoint in config.endpoints:
            model = config.models[endpoint.model]
            state = self.endpoints.get(endpoint.id)
            if state is None or _identity(state.endpoint) != _identity(endpoint):
                self._generation += 1
                state = EndpointState(endpoint, model, self._generation)
                if self.version:  # not at our own start: then all are new and need each other
                    state.start_slowly()
            else:
                state.configure(endpoint, model)
            state.pressure.cpu_limit = config.limits.cpu_ratio
            state.price.set_dials(config.joint.eta, config.joint.rho)
            endpoints[endpoint.id] = state
        self.config = config
        self.endpoints = endpoints
        self.version += 1

    def get(self, endpoint_id: str, generation: int) -> EndpointState | None:
        """The endpoint, unless it has been replaced since `generation`."""
        state = self.endpoints.get(endpoint_id)
        return state if state is not None and state.generation == generation else None

    def snapshot(self, now_s: float) -> Snapshot:
        """The fleet as it is known at `now_s`.

        `EndpointState.view` is written out here: most views are kept ones, and the call costs more
        than finding that out.
        """
        views = []
        for state in self.endpoints.values():
            view = state.kept_view
            if view is None or not now_s - state.viewed_at_s < state.keeps_s:
                view = state.renewed_view(now_s)
            views.append(view)
        return Snapshot(self.version, now_s, tuple(views))

    def open_ids(self) -> frozenset[str]:
        """The live endpoints that could take another query."""
        return frozenset(key for key, state in self.endpoints.items() if _is_open(state))


def _is_open(state: EndpointState) -> bool:
    serves = state.liveness.alive and not state.draining
    return serves and len(state.attempts) < state.open_slots


def _identity(endpoint: Endpoint) -> tuple[str, str, str, str]:
    return endpoint.url, endpoint.engine, endpoint.model, endpoint.upstream_name
